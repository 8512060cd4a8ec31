"""The Party organization tree, units, members and who holds which post."""

from organizations.models.people import Appointment, Member, Skill
from organizations.models.policies import Policy
from organizations.models.records import AccessLogEntry, WorkdayOverride
from organizations.models.terms import in_term
from organizations.models.tree import Organization, Placed, community_column
from organizations.models.units import Unit, UnitBranch

__all__ = (
    "AccessLogEntry",
    "Appointment",
    "Member",
    "Organization",
    "Placed",
    "Policy",
    "Skill",
    "Unit",
    "UnitBranch",
    "WorkdayOverride",
    "community_column",
    "in_term",
)
