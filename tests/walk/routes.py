"""Every route of the platform, and what each of them means in the world of `tests.walk.world`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """A named route: `name` with its namespaces, `path` as a pattern, `keys` of its arguments."""

    name: str
    path: str
    keys: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


def every_route() -> list[Route]:
    """All but the doubles: `….json` of the API, the registry's redirects from old addresses."""
    routes = {route for route in _walk(get_resolver(), "", "") if route.name and "format" not in route.keys}
    return sorted(routes, key=lambda route: (route.name, route.path))


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, path, inner)
        elif isinstance(entry, URLPattern):
            keys = (*entry.pattern.regex.groupindex, *getattr(entry.pattern, "converters", {}))
            name = f"{namespace}{entry.name}" if entry.name else ""
            yield Route(name, path, tuple(dict.fromkeys(keys)))


def arguments(route: Route, world: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments that point at something of the home community; None: nobody has said what they mean."""
    if not route.keys:
        return {}
    if route.name.startswith("admin:"):
        return _of_the_registry(route, world)
    found = {}
    for key in route.keys:
        value = world.get(f"{route.name}:{key}", world.get(f"{route.name.split(':')[0]}:{key}"))
        if value is None:
            return None
        found[key] = value
    return found


def _of_the_registry(route: Route, world: dict[str, Any]) -> dict[str, Any] | None:
    """`admin:grids_grid_change` and the like: the row of that model in the world."""
    _, _, tail = route.name.partition(":")
    for label, row in world["rows"].items():
        if tail.startswith(label):
            return {key: _a_verb_of(row) if key == "verb" else row.pk for key in route.keys}
    return None


def _a_verb_of(row: Any) -> str:
    """A verb that the registry of this model really has, so that 404 is said of the row and not of the verb."""
    verbs = getattr(admin.site.get_model_admin(type(row)), "verbs", ())
    return verbs[0].name if verbs else "none"
