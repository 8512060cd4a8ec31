"""What tests of the boards start from: services written straight into the tables, and the sums by hand."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from ground import clock
from organizations.models import Policy
from requests.models import Rating
from tests.factories import City, Community, a_unit, a_user
from tests.volunteers.scenes import CHINA, LONG_AGO, a_city, a_plain_volunteer, a_volunteer
from tests.workflow import filed
from volunteers.models import Board, Claim, LedgerEntry, Thanks, Volunteer, Whistle
from volunteers.states import BoardKind, ClaimState, EntryKind, VolunteerKind

MEMBERS = (VolunteerKind.EMPLOYED, VolunteerKind.RESIDENT)


def score_by_hand(
    minutes: int, times: int, stars: list[int], likes: Decimal = Decimal(0), members: int = 1
) -> Decimal:
    """RULES 7, in fractions; `likes` are weighted already."""
    mean = Fraction(5 * 3 + sum(stars), 5 + len(stars))
    points = (Fraction(minutes, 60) + Fraction(1, 2) * times + Fraction(likes)) / members + 2 * (mean - 3)
    exact = Decimal(points.numerator) / Decimal(points.denominator)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def a_service(
    community: Community,
    volunteer: Volunteer,
    start: datetime,
    minutes: list[int],
    *,
    state: str = ClaimState.CREDITED,
    whistle: Whistle | None = None,
    service_request: Any = None,
) -> Claim:
    """A claim with its entries: a credit, then corrections; nothing but rows. Without minutes: no entry."""
    whistle = whistle or bare_whistle(community, start, service_request)
    claim = Claim.objects.create(whistle=whistle, volunteer=volunteer, state=state)
    kinds = [EntryKind.CREDIT, *[EntryKind.CORRECTION] * len(minutes)]
    for kind, each in zip(kinds, minutes, strict=False):
        entry = LedgerEntry(
            volunteer=volunteer, claim=claim, whistle=whistle, kind=kind, unit=volunteer.unit, minutes=each,
            off_hours_minutes=0, duty_area="safety", attested="location", served_at=whistle.starts_at,
            by=community.secretary, at=whistle.starts_at,
        )  # fmt: skip
        entry.place_under(community.organization)
        entry.save()
    return claim


def bare_whistle(community: Community, start: datetime, service_request: Any = None) -> Whistle:
    whistle = Whistle(
        number=uuid.uuid4().hex[:20], title="服务", text="", place="此处", lng=113.58, lat=24.8, places_max=9,
        starts_at=start, ends_at=start + timedelta(hours=4), claim_by=start, created_by=community.secretary,
        key=uuid.uuid4(), service_request=service_request,
    )  # fmt: skip
    whistle.place_under(community.organization)
    whistle.save()
    return whistle


@dataclass
class World:
    """Two districts with two communities each; units of six and of three; a resident who is no member."""

    cities: list[City]
    people: list[Volunteer] = field(default_factory=list)

    @property
    def communities(self) -> list[Community]:
        return [place for city in self.cities for place in (city.home, city.next_door)]


def a_world(rng: random.Random, services: int = 48) -> World:
    with clock.at(LONG_AGO):
        world = World([a_city("武江"), a_city("浈江")])
        for city in world.cities:
            large, small = a_unit(city), a_unit(city)
            for unit in [large] * 6 + [small] * 3:
                place = rng.choice((city.home, city.next_door))
                world.people.append(a_volunteer(city, place, unit=unit))
            world.people.append(a_plain_volunteer(city))
    Volunteer.objects.filter(pk=world.people[1].pk).update(kind=VolunteerKind.RESIDENT)
    fill(world, rng, services)
    return world


def fill(world: World, rng: random.Random, services: int) -> None:
    """Services of one year all over the world, with corrections, refusals, reversals, ratings, likes and stars."""
    whistles = [
        bare_whistle(
            rng.choice(world.communities),
            datetime(2026, 1, 1, tzinfo=CHINA) + timedelta(minutes=rng.randrange(365 * 24 * 60)),
            _rated(world.cities[0], rng) if rng.random() < 0.2 else None,
        )
        for _ in range(services // 2)
    ]
    homes = {place.organization.pk: place for place in world.communities}
    for whistle in whistles:
        for _ in range(rng.randrange(3)):
            Thanks.objects.create(
                whistle=whistle, by=a_user(), is_like=rng.random() < 0.7, stars=rng.choice((None, 1, 3, 4, 5))
            )
        if whistle.service_request and rng.random() < 0.5:
            Thanks.objects.create(whistle=whistle, by=whistle.service_request.submitter, stars=1)
        for volunteer in rng.sample(world.people, rng.randrange(1, 4)):
            first, fate = rng.randrange(1, 9) * 30, rng.random()
            more = {"minutes": [first], "state": ClaimState.CREDITED}
            if fate < 0.2:
                more["minutes"] = [first, rng.choice((-15, 15))]
            elif fate < 0.3:
                more = {"minutes": [first, -first], "state": ClaimState.REFUSED}
            elif fate < 0.4:
                more = {"minutes": [], "state": ClaimState.REFUSED}
            a_service(homes[whistle.community_id], volunteer, whistle.starts_at, whistle=whistle, **more)


def _rated(city: City, rng: random.Random) -> Any:
    service_request = filed(city)
    Rating.objects.create(
        service_request=service_request, contacted=True, solved=True, satisfied=rng.randrange(1, 6),
        by=service_request.submitter,
    )  # fmt: skip
    return service_request


# By hand


def slowly(board: Board, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
    """The rows of a board, one claim after the other: (subject, score, minutes, times, mean, likes, members)."""
    found: dict[int, dict[str, Any]] = defaultdict(
        lambda: {
            "minutes": 0,
            "times": 0,
            "stars": [],
            "likes": 0,
            "weighted": Decimal(0),
            "refused": 0,
            "at": [],
        }
    )
    districts = Claim.objects.order_by().values_list("whistle__district", flat=True).distinct()
    policies = {pk: Policy.of(pk) for pk in districts}
    claims = Claim.objects.select_related("whistle__service_request__rating", "volunteer__member__unit")
    for claim in claims.prefetch_related("entries", "whistle__thanks"):
        whistle = claim.whistle
        policy = policies[whistle.district_id]
        subject = _subject(board, claim)
        counts = claim.volunteer.kind in MEMBERS and start <= whistle.starts_at < end and subject is not None
        if not counts or not _is_here(board, whistle):
            continue
        if board.kind.startswith("city") and policy.boards == "off":
            continue
        line = found[subject]
        entries = list(claim.entries.all())
        line["minutes"] += sum(entry.minutes for entry in entries)
        line["at"] += [entry.at for entry in entries]
        line["refused"] += claim.state == ClaimState.REFUSED
        if claim.state == ClaimState.CREDITED:
            line["times"] += 1
            line["stars"] += _stars(whistle)
            likes = sum(thanks.is_like for thanks in whistle.thanks.all())
            line["likes"] += likes if policy.likes_shown else 0
            line["weighted"] += likes * policy.like_weight if policy.likes_shown else 0
    return [row for row, _ in sorted(_lines(board, found), key=lambda line: line[1])]


def _lines(board: Board, found: dict[int, dict[str, Any]]) -> Any:
    for subject, line in found.items():
        members = _members(subject) if board.kind == BoardKind.CITY_UNITS else 1
        if not line["times"] or (board.kind == BoardKind.CITY_UNITS and members < 5):
            continue
        stars, minutes = line["stars"], max(line["minutes"], 0)
        mean = (Decimal(sum(stars)) / len(stars)).quantize(Decimal("0.01"), ROUND_HALF_UP) if stars else None
        score = score_by_hand(minutes, line["times"], stars, line["weighted"], members)
        shown = members if board.kind == BoardKind.CITY_UNITS else None
        order = (-score, -Fraction(minutes, members), line["refused"], max(line["at"]), subject)
        yield (subject, score, minutes, line["times"], mean, line["likes"], shown), order


def _subject(board: Board, claim: Claim) -> int | None:
    if board.kind == BoardKind.CITY_UNITS:
        return claim.volunteer.unit.pk if claim.volunteer.unit else None
    return claim.whistle.community_id if board.kind == BoardKind.CITY_COMMUNITIES else claim.volunteer_id


def _is_here(board: Board, whistle: Whistle) -> bool:
    if board.kind == BoardKind.DISTRICT_MEMBERS:
        return whistle.district_id == board.organization_id
    if board.kind == BoardKind.COMMUNITY_MEMBERS:
        return whistle.community_id == board.organization_id
    return True


def _stars(whistle: Whistle) -> list[int]:
    rating = getattr(whistle.service_request, "rating", None)
    others = [thanks for thanks in whistle.thanks.all() if rating is None or thanks.by_id != rating.by_id]
    given = [thanks.stars for thanks in others if thanks.stars is not None]
    return given + ([rating.satisfied] if rating else [])


def _members(unit_id: int) -> int:
    people = Volunteer.objects.filter(member__unit=unit_id, kind__in=MEMBERS)
    return people.filter(registrations__state="confirmed").distinct().count()


def quickly(board: Board) -> list[tuple[Any, ...]]:
    """The same rows as the board has them."""
    rows = board.rows.order_by("rank")
    return [
        (
            row.volunteer_id or row.unit_id or row.community_id,
            row.score, row.minutes, row.times, row.mean_rating, row.likes, row.members,
        )
        for row in rows
    ]  # fmt: skip
