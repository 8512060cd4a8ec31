"""Looking for patterns, by beat: what is new is proposed, what grows is brought up to date, what is no more fades.

Everything is read from the requests as they are, so that an outage needs no catching up. Two rounds at once do no
harm: one proposal of a place and category is a constraint, and nothing is changed that is not proposed any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from dashboards.models import Pattern
from dashboards.patterns import telling
from dashboards.patterns.counting import Found, Key, find
from grids.models import Building, Compound
from ground import clock
from organizations.models import Organization, Policy
from organizations.tree import lock_tree

log = structlog.get_logger(__name__)


def look_around() -> int:
    """One round over all districts; gives how many patterns are new."""
    new = 0
    for district in Organization.objects.open().filter(parent=None).order_by("pk"):
        try:
            new += look(district)
            telling.tell(district)
        except Exception:  # one district does not keep the others waiting; the next round tries again
            log.exception("patterns not looked for", district=district.pk)
    return new


def look(district: Organization) -> int:
    """Bring the proposals of a district up to date; gives how many are new."""
    at, policy = clock.now(), Policy.of(district.pk)
    proposed = Pattern.objects.proposed().filter(district=district).select_related("building", "compound")
    known = {_key(each): each for each in proposed}
    found = {each.key: each for each in find(district.pk, policy, at)} if policy.finds_patterns else {}
    for key in known.keys() & found.keys():
        _bring_up_to_date(known[key], found[key])
    gone = [known[key].pk for key in known.keys() - found.keys()]
    Pattern.objects.proposed().filter(pk__in=gone).update(state=Pattern.State.FADED)
    new = [found[key] for key in found.keys() - known.keys()]
    return _propose(district, new, at) if new else 0


def _key(pattern: Pattern) -> Key:
    return pattern.building_id, pattern.compound_id, pattern.category_id


def _bring_up_to_date(pattern: Pattern, found: Found) -> None:
    """Its figures; and whose it is, where the building or compound has gone to another grid or community since:
    that one decides now, and has not been told."""
    now = found.figures
    place = pattern.building or pattern.compound
    if place is not None and place.district_id == pattern.district_id and place.community_id is not None:
        now |= _where(place)
        if place.community_id != pattern.community_id:
            now["told_on"] = None
    if any(getattr(pattern, name) != value for name, value in now.items()):
        Pattern.objects.proposed().filter(pk=pattern.pk).update(**now)


def _where(place: Any) -> dict[str, int | None]:
    """The place columns of what lies where this building or compound lies."""
    return {name: getattr(place, name) for name in ("district_id", "street_id", "community_id", "grid_id")}


def _propose(district: Organization, new: list[Found], since: datetime) -> int:
    """Under the lock of the tree, under which decisions are taken too: what was decided since the count began has
    not been counted in it, and is not proposed again."""
    with transaction.atomic():
        lock_tree(district.tree_id)
        rows = Pattern.objects.filter(district=district, decided_at__gte=since)
        decided = {_key(each) for each in rows}
        wanted = [each for each in new if each.key not in decided]
        before = Pattern.objects.proposed().filter(district=district).count()
        Pattern.objects.bulk_create(_rows(wanted, since), ignore_conflicts=True)
        return Pattern.objects.proposed().filter(district=district).count() - before


def _rows(found: Iterable[Found], at: datetime) -> list[Pattern]:
    """Placed where the building or compound is now; what lies in a community that was closed waits."""
    found = list(found)
    buildings = _standing(Building, {each.building_id for each in found})
    compounds = _standing(Compound, {each.compound_id for each in found})
    made = []
    for each in found:
        place = buildings.get(each.building_id) or compounds.get(each.compound_id)
        if place is None:
            continue
        key = {
            "building_id": each.building_id,
            "compound_id": each.compound_id,
            "category_id": each.category_id,
        }
        made.append(Pattern(**key, **each.figures, **_where(place), found_at=at))
    return made


def _standing(model: Any, ids: set[int | None]) -> dict[int | None, Any]:
    rows = model.objects.filter(pk__in=ids - {None}, community__isnull=False, community__closed_at=None)
    return {row.pk: row for row in rows}


def looking(districts: QuerySet[Organization], today: date | None = None) -> QuerySet[Organization]:
    """Those of the districts whose policy of today looks for patterns: the pages are theirs only (RULES 6)."""
    begun = Policy.objects.filter(district=OuterRef("pk"), begins_on__lte=today or clock.today())
    newest = begun.order_by("-begins_on", "-id")
    usual = Policy()
    return districts.annotate(
        _building=Coalesce(Subquery(newest.values("pattern_building")[:1]), usual.pattern_building),
        _compound=Coalesce(Subquery(newest.values("pattern_compound")[:1]), usual.pattern_compound),
    ).filter(Q(_building__gt=0) | Q(_compound__gt=0))
