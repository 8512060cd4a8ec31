"""The territory and who lives in it; `from grids.models import …` gets all of it."""

from grids.models.imports import ImportFinding, ImportJob
from grids.models.people import CareAssessment, Household, NotTheSame, Resident, SpecialGroup
from grids.models.places import Building, Compound, Dwelling, Home, new_qr_token
from grids.models.policies import TerritoryPolicy
from grids.models.territory import Absence, Grid, GridDuty, ScopedQuerySet

__all__ = [
    "Absence",
    "Building",
    "CareAssessment",
    "Compound",
    "Dwelling",
    "Grid",
    "GridDuty",
    "Home",
    "Household",
    "ImportFinding",
    "ImportJob",
    "NotTheSame",
    "Resident",
    "ScopedQuerySet",
    "SpecialGroup",
    "TerritoryPolicy",
    "new_qr_token",
]
