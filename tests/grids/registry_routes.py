"""Every route of the registry, and which rows its arguments name: what is not said here fails the outsiders' test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin

from grids.views.households import ACTS
from grids.views.people_steps import STEPS
from tests.walk.routes import Route, every_route

#: Basenames of the router of `grids.api`, and the rows that their details are.
API = {
    "grid": "grids_grid",
    "compound": "grids_compound",
    "building": "grids_building",
    "dwelling": "grids_dwelling",
    "household": "grids_household",
    "resident": "grids_resident",
    "special-group": "grids_specialgroup",
    "care": "grids_careassessment",
    "import": "grids_importjob",
    "grid-duty": "grids_gridduty",
    "absence": "grids_absence",
    "territory-policy": "grids_territorypolicy",
}
#: Routes with arguments that name no row: what they show is the viewer's own.
NO_ROW = {
    "grids:building_qr": "the token is the key, and shows nothing itself",
    "grids:list": "a list of the viewer's own area",
    "grids:sheet": "the same as Excel",
}
_JOB = (
    *("import", "import_progress", "import_report", "import_confirm", "import_cancel", "import_columns"),
    *("import_remap", "import_findings", "import_state"),
)
#: Name of a desk route → the row that it names, and its other arguments.
DESK: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "resident": ("grids_resident", [{}]),
    "resident_reveal": ("grids_resident", [{}]),
    "resident_step": ("grids_resident", [{"name": name} for name in STEPS]),
    "household": ("grids_household", [{}]),
    "household_step": ("grids_household", [{"name": name} for name in ACTS]),
    "dwelling": ("grids_dwelling", [{}]),
    "dwelling_use": ("grids_dwelling", [{}]),
    "building": ("grids_building", [{}]),
    "dwelling_new": ("grids_building", [{}]),
    "absence_back": ("grids_absence", [{}]),
    **{name: ("grids_importjob", [{}]) for name in _JOB},
}


def routes() -> list[Route]:
    return [route for route in every_route() if _is_of_the_registry(route.name)]


def with_rows() -> list[Route]:
    return [route for route in routes() if route.keys and route.name not in NO_ROW]


def without_rows() -> list[Route]:
    return [route for route in routes() if not route.keys]


def address_of(route: Route) -> str:
    """Of a route without arguments."""
    return "/" + route.path.replace("^", "").replace("$", "")


def is_named(route: Route) -> bool:
    space, _, tail = route.name.partition(":")
    return space != "grids" or tail in DESK


def row_of(route: Route) -> str:
    """Which of the marked rows the route is asked about."""
    space, _, tail = route.name.partition(":")
    if space == "admin":
        return "_".join(tail.split("_")[:2])
    if space == "v1":
        return API[_base(tail)]
    return DESK[tail][0]


def arguments(route: Route, key: int) -> Iterator[dict[str, Any]]:
    """The arguments of every call of the route about the row with that key."""
    name = next(name for name in route.keys if name in ("pk", "object_id"))
    for others in _others(route):
        yield {name: key, **others}


def _others(route: Route) -> list[dict[str, Any]]:
    space, _, tail = route.name.partition(":")
    if space == "admin":
        verbs = [{"verb": verb.name} for verb in getattr(registry_of(route), "verbs", ())]
        return verbs or [{"verb": "none"}] if "verb" in route.keys else [{}]
    return [{}] if space == "v1" else DESK[tail][1]


def registry_of(route: Route) -> Any:
    """The admin that a route leads to."""
    label = row_of(route)
    return next(
        registry
        for model, registry in admin.site._registry.items()
        if model._meta.label_lower == label.replace("_", ".", 1)
    )


def _base(tail: str) -> str:
    """The longest that fits: `grid-duty-end` is of `grid-duty`, not of `grid`."""
    return max((base for base in API if tail.startswith(f"{base}-")), key=len)


def _is_of_the_registry(name: str) -> bool:
    if name.startswith("v1:"):
        return name[3:].startswith(tuple(f"{base}-" for base in API))
    return name.startswith(("grids:", "admin:grids_"))
