"""Every route of the platform that shows something, read from the URLconf."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

#: The registry's admin: Django's and Unfold's own pages for seldom work; lists and forms of the daily registry are
#: pages of `grids`.
REGISTRY = "desk/registry/"
#: Django REST framework's second address of every call, `.json` at its end.
_FORMAT = "(?P<format>"


def routes() -> set[str]:
    """Names (`namespace:name`) of the routes that answer GET, each once; the registry's admin is not among them."""
    found = _walked(get_resolver("governance.urls").url_patterns, "", ())
    return {name for name, pattern in found if answers_get(pattern.callback)}


def _walked(patterns: Any, before: str, spaces: tuple[str, ...]) -> Iterator[tuple[str, URLPattern]]:
    for each in patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            inner = (*spaces, each.namespace) if each.namespace else spaces
            yield from _walked(each.url_patterns, path, inner)
        elif _FORMAT not in path and not path.startswith(REGISTRY):
            yield ":".join((*spaces, str(each.name))), each


def answers_get(view: Any) -> bool:
    """Whether GET is among the methods of a viewset's route, or those that `require_…` lets through."""
    actions = getattr(view, "actions", None)
    if actions is not None:
        return "get" in actions
    allowed = list(_methods(view))
    return all("GET" in methods for methods in allowed)


def _methods(view: Any) -> Iterator[list[str]]:
    """The lists that Django's `require_http_methods` keeps in its closure, wherever it stands among decorators."""
    while view is not None:
        for name, cell in zip(_names(view), getattr(view, "__closure__", None) or (), strict=False):
            if name == "request_method_list":
                yield list(cell.cell_contents)
        view = getattr(view, "__wrapped__", None)


def _names(view: Any) -> tuple[str, ...]:
    code = getattr(view, "__code__", None)
    return code.co_freevars if code else ()
