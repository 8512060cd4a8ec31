"""The registry over the API: the same sight and verbs as the pages, masked, a few rows at a time."""

from rest_framework.routers import BaseRouter

from grids.api.duties import AbsenceViewSet, GridDutyViewSet, PolicyViewSet
from grids.api.imports import ImportViewSet
from grids.api.people import CareViewSet, DwellingViewSet, HouseholdViewSet, SpecialGroupViewSet
from grids.api.residents import ResidentViewSet
from grids.api.territory import BuildingViewSet, CompoundViewSet, GridViewSet


def register(router: BaseRouter) -> None:
    """Called by governance.api."""
    router.register("grids", GridViewSet, "grid")
    router.register("compounds", CompoundViewSet, "compound")
    router.register("buildings", BuildingViewSet, "building")
    router.register("dwellings", DwellingViewSet, "dwelling")
    router.register("households", HouseholdViewSet, "household")
    router.register("residents", ResidentViewSet, "resident")
    router.register("special-groups", SpecialGroupViewSet, "special-group")
    router.register("care", CareViewSet, "care")
    router.register("imports", ImportViewSet, "import")
    router.register("grid-duties", GridDutyViewSet, "grid-duty")
    router.register("absences", AbsenceViewSet, "absence")
    router.register("territory-policies", PolicyViewSet, "territory-policy")
