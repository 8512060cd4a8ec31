"""Every page of the registry costs as many queries with 100,000 residents as with 1,000, and few.

Pages are found by their routes: a new one fails here until it is in PINNED, or in NO_PAGE with the reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grids.lists import BY_SLUG
from tests.factories import Community
from tests.grids.at_scale.conftest import World
from tests.grids.at_scale.pins import PINNED
from tests.grids.at_scale.plans import text_of
from tests.grids.registry_routes import address_of, arguments, routes, row_of
from tests.signing_in import strong_client
from tests.walk.routes import Route

pytestmark = pytest.mark.services

#: Names of what answers a secretary's GET with no page, and why. What answers 405 needs no name.
NO_PAGE = {
    r"admin:grids_\w+_(delete|history)": "nothing is deleted, and verbs keep the history",
    r"admin:grids_\w+_add": "what communities may not add, or is written by verbs and by imports",
    r"admin:grids_\w+_verb.*": "no verbs, or none that this row is ready for",
    r"grids:building_qr": "leads to the form of a request",
    r"grids:dwelling": "leads to the only household",
    r"grids:import_columns": "the import is done",
    r"grids:resident_step (return|link|unlink)": "asks nothing, or is not open",
    r"grids:sheet .*": "sheets of people take a POST with a reason",
}
#: Route → what else may stand in its address.
FILTERED = {
    "grids:residents": ("residence=floating", "care=red", "age=80", "standing=left", "after=500"),
    "v1:resident-list": ("residence=floating", "standing=left", "changed_after=2026-01-01T00:00:00Z"),
    "admin:grids_resident_changelist": ("standing__exact=left", "p=2", "o=1"),
    "admin:grids_household_changelist": ("p=2",),
    "admin:grids_dwelling_changelist": ("p=2",),
}


@dataclass(frozen=True)
class Page:
    name: str
    address: str


def pages(community: Community) -> Iterator[Page]:
    """Every address of the registry that leads to something of this community."""
    for route in routes():
        for more, address in _addresses(route, community):
            yield Page(f"{route.name} {more}".strip(), address)
            for query in FILTERED.get(route.name, ()):
                yield Page(f"{route.name} ?{query}", f"{address}?{query}")


def _addresses(route: Route, community: Community) -> Iterator[tuple[str, str]]:
    """What the arguments say besides the row, and the address."""
    if not route.keys:
        yield "", address_of(route)
    elif route.name in ("grids:list", "grids:sheet"):
        yield from ((slug, reverse(route.name, args=[slug])) for slug in BY_SLUG)
    elif route.name == "grids:building_qr":
        yield "", reverse(route.name, args=[community.building.qr_token])
    elif (row := _row(row_of(route), community)) is not None:
        for kwargs in arguments(route, row.pk):
            yield str(kwargs.get("name", kwargs.get("verb", ""))), reverse(route.name, kwargs=kwargs)


def _row(label: str, community: Community) -> Any:
    """The first row of that model that belongs to the community."""
    model = apps.get_model(label.replace("_", ".", 1))
    rows = model.objects.order_by("pk").filter(**_USUAL.get(label, {}))
    names = {field.name for field in model._meta.get_fields()}
    for path, name in _WAYS.items():
        if name in names:
            return rows.filter(**{path: community.organization}).first()
    return rows.first()


#: What makes the first rows of two communities alike.
_USUAL: dict[str, dict[str, Any]] = {
    "grids_resident": {
        "standing": "present",
        "relation": "spouse",
        "groups": None,
        "phone_index__gt": "",
        "document_index__gt": "",
    },
    "grids_dwelling": {"households__isnull": False},
    "grids_household": {"residents__standing": "present"},
}
#: How a row belongs to a community → the field of the model by which one sees that.
_WAYS = {
    "community": "community",
    "household__community": "household",
    "building__community": "building",
    "grid__community": "grid",
    "appointment__organization": "appointment",
}


@dataclass(frozen=True)
class Answer:
    status: int
    statements: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.statements)

    @property
    def is_page(self) -> bool:
        return self.status == 200

    def more_than(self, other: Answer) -> str:
        """The statements that the other one did not ask."""
        rest = Counter(self.statements) - Counter(other.statements)
        return f"{self.status} with {self.count}" + "".join(f"\n    {sql[:300]}" for sql in rest)

    def unlike(self, other: Answer) -> str:
        """What differs, in words; "" for nothing."""
        if (self.status, self.is_page and self.count) == (other.status, other.is_page and other.count):
            return ""
        return f"{self.more_than(other)}\n  but {other.more_than(self)}"


def opened(client: Client, page: Page) -> Answer:
    """The second time: the first may fill caches."""
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(page.address)
            if answer.streaming:
                b"".join(answer.streaming_content)
        if answer.status_code != 200:
            break
    return Answer(answer.status_code, tuple(text_of(query["sql"]) for query in asked))


def both(
    one: Client, one_pages: Iterable[Page], other: Client, other_pages: Iterable[Page]
) -> dict[str, list[Answer]]:
    found = {page.name: [opened(one, page)] for page in one_pages}
    for page in other_pages:
        found.setdefault(page.name, []).append(opened(other, page))
    return found


def unlike(found: dict[str, list[Answer]]) -> Iterator[str]:
    for name, answers in found.items():
        if len(answers) < 2:
            yield f"{name}: only one of the two communities has such a row"
        elif words := answers[0].unlike(answers[1]):
            yield f"{name}: {words}"


def test_the_secretary_of_many_asks_no_more_than_the_one_of_few(world: World, say: Any) -> None:
    large, small = strong_client(world.home.secretary), strong_client(world.next_door.secretary)
    found = both(large, pages(world.home), small, pages(world.next_door))
    shown = {name: answers[0] for name, answers in found.items() if answers[0].is_page}
    say("queries of each page with 100,000 residents (1,000 take the same):")
    for name, answer in shown.items():
        say(f"{answer.count:4} {name}")
    faults = [*unlike(found)]
    faults += [f"{name} is not pinned" for name in shown if name not in PINNED]
    faults += [f"{name} is no page any more" for name in PINNED if name not in shown]
    over = {name: answer.count for name, answer in shown.items() if answer.count > PINNED.get(name, 99)}
    faults += [f"{name}: {count} queries, {PINNED[name]} are pinned" for name, count in over.items()]
    silent = {name: answers[0].status for name, answers in found.items() if name not in shown}
    faults += [f"{name}: {status}" for name, status in silent.items() if status != 405 and not _is_none(name)]
    assert not faults, "\n".join(faults)


def _is_none(name: str) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in NO_PAGE)


OF_STREETS = r"grids:(overview|list).*|admin:grids_\w+_changelist.*|v1:[\w-]+-list.*"


def test_the_officer_of_a_large_street_asks_no_more_than_the_one_of_a_small_street(world: World) -> None:
    large, small = map(strong_client, world.officers)
    seen = [page for page in pages(world.home) if re.fullmatch(OF_STREETS, page.name)]
    found = both(large, seen, small, seen)
    assert sum(answers[0].is_page for answers in found.values()) > 10
    assert not (faults := [*unlike(found)]), "\n".join(faults)
