"""The grouped queries against a slow count in Python, over random requests, decisions and policies."""

from __future__ import annotations

import os
import random
import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboards.models import Pattern
from dashboards.patterns.counting import find
from organizations.models import Policy
from requests.models import RequestEvent, ServiceRequest
from requests.states import OPEN, Outcome, State
from tests.dashboards.patterns.scenes import NOW, another_building, days_ago
from tests.factories import City, a_city, a_user
from tests.workflow import a_category, filed

pytestmark = pytest.mark.django_db
WORLDS = int(os.environ.get("WENSHAO_WORLDS", 12))


@pytest.mark.parametrize("seed", range(WORLDS))
def test_found_is_what_a_slow_count_finds(seed: int) -> None:
    chance = random.Random(seed)
    city = a_city()
    _rows(city, chance)
    _decisions(city, chance)
    found_any = 0
    for building, compound, weeks in ((4, 6, 4), (2, 3, 2), (3, 0, 4), (0, 4, 3), (5, 9, 12)):
        policy = Policy(
            district=city.district,
            pattern_building=building,
            pattern_compound=compound,
            pattern_weeks=weeks,
        )
        found = {each.key: tuple(each.figures.values()) for each in find(city.district.pk, policy, NOW)}
        assert found == slowly(policy)
        found_any += len(found)
    assert found_any


def _rows(city: City, chance: random.Random) -> None:
    """A lump of rows around NOW, written straight: the verbs have their own tests."""
    buildings = [city.home.building, *(another_building(city.home, number) for number in (2, 3, 4))]
    buildings.append(city.next_door.building)
    categories, people = [a_category(), a_category("water", name="漏水")], [a_user() for _ in range(4)]
    first = filed(city, by=people[0])
    made: list[ServiceRequest] = []
    for number in range(chance.randrange(60, 110)):
        row = ServiceRequest.objects.get(pk=first.pk)
        building = chance.choice(buildings) if chance.random() < 0.95 else None
        row.pk, row.number = None, f"X{number}"
        row.key = uuid.uuid4()
        row.building, row.category, row.submitter = building, chance.choice(categories), chance.choice(people)
        row.submitted_at = days_ago(chance.uniform(-1, 40))
        row.has_no_phone = chance.random() < 0.15
        row.source = chance.choice(["resident"] * 6 + ["staff", "proactive"])
        if row.source == "proactive":
            row.has_no_phone = False
        row.state, row.accept_due, row.due = (
            chance.choice([State.ACCEPTED] * 6 + [State.CLOSED, *_NOT]),
            None,
            None,
        )
        row.next_at = None
        if row.state == State.MERGED:
            row.merged_into = first
        if row.state == State.CLOSED:
            row.outcome = Outcome.SOLVED
        made.append(row)
    ServiceRequest.objects.bulk_create(made)
    for row in chance.sample(made, 12):
        kind = chance.choice(["whole", "cause", "with"])
        if kind == "with":
            RequestEvent.objects.create(
                subject=row,
                step="resolve_with",
                source=State.MERGED,
                target=State.RESOLVED,
                at=row.submitted_at,
            )
        else:
            ServiceRequest.objects.filter(pk=row.pk).update(**{kind: first})


_NOT = [State.WITHDRAWN, State.DECLINED, State.MERGED]


def _decisions(city: City, chance: random.Random) -> None:
    tasks = list(ServiceRequest.objects.filter(source="proactive"))
    for _ in range(5):
        is_filed = bool(tasks) and chance.random() < 0.5
        task = tasks.pop() if is_filed else None
        in_building = chance.random() < 0.6
        Pattern.objects.create(
            building=city.home.building if in_building else None,
            compound=None if in_building else city.home.compound,
            category=a_category(chance.choice(["repair", "water"])),
            count=4, people=2, weeks=2, first_at=NOW, last_at=NOW,
            state="filed" if is_filed else chance.choice(["dismissed", "faded"]),
            decided_at=days_ago(chance.uniform(0, 30)), service_request=task,
            district=city.district, street=city.street, community=city.home.organization,
        )  # fmt: skip


# The slow count


def slowly(policy: Policy) -> dict[Any, Any]:
    today = timezone.localtime(NOW).date()
    rows = [row for row in ServiceRequest.objects.select_related("building") if _counts(row, policy, today)]
    patterns = list(Pattern.objects.select_related("service_request"))
    found = {}
    if policy.pattern_building:
        groups = _grouped(rows, lambda row: (row.building_id, None, row.category_id))
        for key, each in groups.items():
            fresh = [row for row in each if _is_fresh(row, key, patterns)]
            if _reach(fresh, policy.pattern_building):
                found[key] = _figures(fresh)
    if policy.pattern_compound:
        groups = _grouped(rows, lambda row: (None, row.building.compound_id, row.category_id))
        for key, each in groups.items():
            fresh = [row for row in each if _is_fresh(row, key, patterns)]
            many = len({row.building_id for row in fresh}) > 1
            if many and _reach(fresh, policy.pattern_compound) and not _one_explains(fresh, policy):
                found[key] = _figures(fresh)
    return found


def _counts(row: ServiceRequest, policy: Policy, today: Any) -> bool:
    age = (today - timezone.localtime(row.submitted_at).date()).days
    alone = not row.events.filter(step="resolve_with").exists()
    stands = (
        row.state not in _NOT and row.source != "proactive" and row.whole_id is None and row.cause_id is None
    )
    return bool(
        row.building_id and stands and alone and row.submitted_at <= NOW and age < 7 * policy.pattern_weeks
    )


def _grouped(rows: Iterable[ServiceRequest], key: Any) -> dict[Any, list[ServiceRequest]]:
    groups = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _is_fresh(row: ServiceRequest, key: Any, patterns: list[Pattern]) -> bool:
    building, compound, category = key
    for each in patterns:
        if each.category_id != category or each.state not in ("filed", "dismissed"):
            continue
        is_here = each.building_id == building if building else each.compound_id == compound
        if is_here and each.decided_at and each.decided_at >= row.submitted_at:
            return False
        around = each.compound_id == row.building.compound_id if row.building else False
        in_hand = each.service_request is not None and each.service_request.state in OPEN
        if in_hand and (is_here or around):
            return False
    return True


def _person(row: ServiceRequest) -> tuple[int, bool]:
    return row.submitter_id, row.has_no_phone


def _week(moment: datetime) -> Any:
    return timezone.localtime(moment).date() - timedelta(days=timezone.localtime(moment).weekday())


def _figures(rows: list[ServiceRequest]) -> tuple[Any, ...]:
    moments = [row.submitted_at for row in rows]
    people, weeks = {_person(row) for row in rows}, {_week(moment) for moment in moments}
    return len(rows), len(people), len(weeks), min(moments), max(moments)


def _reach(rows: list[ServiceRequest], least: int) -> bool:
    return bool(rows) and _figures(rows)[0] >= least and min(_figures(rows)[1:3]) >= 2


def _one_explains(rows: list[ServiceRequest], policy: Policy) -> bool:
    if not policy.pattern_building:
        return False
    for building in {row.building_id for row in rows}:
        here = [row for row in rows if row.building_id == building]
        rest = [row for row in rows if row.building_id != building]
        if _reach(here, policy.pattern_building) and not _reach(rest, policy.pattern_compound):
            return True
    return False
