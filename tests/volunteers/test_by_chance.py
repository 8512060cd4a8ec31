"""Whatever volunteers, staff and the clock do with whistles: nothing illegal, nothing lost, the ledger is proved.

Random people take random steps with random words while the clock moves on; after every step all of `faults`
holds. Thousands of sequences, others with every seed:
WENSHAO_SEQUENCES=2000 WENSHAO_SEED=1 pytest -s tests/volunteers/test_by_chance.py
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import combinations
from random import Random
from typing import Any

import pytest
from django.db import transaction

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.posts import Post
from requests.photos import Picture
from tests.factories import a_grid_worker, a_user, appoint
from tests.volunteers.scenes import FRIDAY_NOON, HERE, a_city, a_draft, a_plain_volunteer, a_volunteer
from volunteers.accounting import crediting, ledger_proof
from volunteers.claiming import claims, waiting, wishes
from volunteers.claiming.standing import is_recruiting
from volunteers.joining import registry
from volunteers.models import Claim, ClaimEvent, LedgerEntry, Registration, Volunteer, Whistle, WhistleEvent
from volunteers.presence import attendance
from volunteers.states import (
    LIVE,
    STANDING,
    Audience,
    ClaimState,
    RegistrationState,
    WhistleKind,
    WhistleState,
)
from volunteers.tables import CLAIMS, WHISTLES
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db
SEQUENCES, STEPS = int(os.environ.get("WENSHAO_SEQUENCES", 3)), 120
SEED = int(os.environ.get("WENSHAO_SEED", 0))
MOST_WHISTLES = 3
SPANS = [timedelta(minutes=minutes) for minutes in (1, 10, 20, 20, 30, 45, 90)] + [timedelta(days=1)]
LONG = timedelta(days=4)
PICTURE = Picture(b"large", b"small", 8, 6)
#: Steps that only some worlds or other tests come to.
ELSEWHERE = {"check_in_late", "propose"}


class World:
    """One city: two communities, their secretaries, a grid worker, eight volunteers, and an outsider."""

    def __init__(self) -> None:
        with clock.at(FRIDAY_NOON - timedelta(days=3)):
            self.city = city = a_city()
            self.volunteers = [a_volunteer(city) for _ in range(5)] + [a_plain_volunteer(city)]
            self.volunteers += [a_volunteer(city, city.next_door) for _ in range(2)]
            self.second = a_user("副书记")
            appoint(self.second, Post.FIRST_SECRETARY, city.home.organization)
            self.worker, self.outsider = a_grid_worker(city.home), a_city("浈江").home.secretary
            # The secretary volunteers too: what is his own he never judges.
            self.secretary = city.home.secretary
            own = registry.register(user=self.secretary, community=city.home.organization)
            registry.confirm(own, by=self.second, grid=city.home.grid)
            self.volunteers.append(own.volunteer)
        self.staff = [self.secretary, self.second, self.worker, city.next_door.secretary, self.outsider]


def test_no_sequence_of_steps_breaks_a_rule() -> None:
    world, taken = World(), Counter[str]()
    for number in range(SEQUENCES):
        chance = Random(f"{SEED}/{number}")
        with transaction.atomic():
            try:
                Walk(world, chance).go()
            except AssertionError as broken:
                raise AssertionError(f"WENSHAO_SEED={SEED}, sequence {number}: {broken}") from broken
            for events in (ClaimEvent, WhistleEvent):
                taken.update(events.objects.values_list("step", flat=True))
            transaction.set_rollback(True)
    print(f"{SEQUENCES} sequences took", dict(taken.most_common()))
    if SEQUENCES >= 200:
        wanted = {*CLAIMS.steps, *WHISTLES.steps} - ELSEWHERE
        assert wanted <= taken.keys() | {"edit", "lead"}, wanted - taken.keys()


class Walk:
    """One sequence. Steps are tried whether they are allowed or not; what is refused leaves nothing behind."""

    def __init__(self, world: World, chance: Random) -> None:
        self.world, self.chance, self.now = world, chance, FRIDAY_NOON
        self.habits: list[tuple[Callable[[], Any], int]] = [
            (self.blow, 8),
            (self.volunteer_steps, 60),
            (self.staff_steps, 22),
            (self.wait, 16),
            (self.call_off, 3),
            (self.move_home, 2),
        ]

    def go(self) -> None:
        for _ in range(STEPS):
            does = self.chance.choices(
                [does for does, _ in self.habits], [weight for _, weight in self.habits]
            )
            with clock.at(self.now):
                self.attempt(does[0])
        self.now += timedelta(days=70)
        with clock.at(self.now):
            tick()
            assert faults() == []
            left = Claim.objects.filter(state__in=(ClaimState.WAITING, ClaimState.CLAIMED))
            assert not left.exists(), "somebody is left on a whistle that is over"
            assert not Whistle.objects.filter(state__in=(WhistleState.OPEN, WhistleState.RUNNING)).exists()

    def attempt(self, does: Callable[[], Any]) -> None:
        before = traces()
        try:
            with transaction.atomic():  # as a request would: a refusal in the middle undoes it all
                does()
        except (RuleViolation, NoPower):
            assert traces() == before, "a refusal left a trace"
        assert (found := faults()) == [], found

    # What happens

    def wait(self) -> None:
        self.now += LONG if self.chance.random() < 0.04 else self.chance.choice(SPANS)
        with clock.at(self.now):
            if self.chance.random() < 0.85:
                tick()

    def blow(self) -> None:
        if (
            Whistle.objects.filter(state__in=(WhistleState.OPEN, WhistleState.RUNNING)).count()
            >= MOST_WHISTLES
        ):
            return
        chance, home = self.chance, self.world.city.home
        kind = chance.choice([WhistleKind.SERVICE] * 3 + [WhistleKind.WISH, WhistleKind.EMERGENCY])
        start = self.now + timedelta(minutes=chance.choice([10, 20, 40, 60, 1500]))
        draft = a_draft(
            home,
            by=chance.choice([self.world.secretary, self.world.second]),
            kind=kind,
            title=f"{kind} {start:%d %H:%M}",
            starts_at=start,
            ends_at=start + (timedelta(days=6) if kind == WhistleKind.WISH else timedelta(minutes=90)),
            places_max=1 if kind == WhistleKind.WISH else chance.choice([1, 2, 3]),
            audience=chance.choice([Audience.REGISTERED, Audience.DISTRICT]),
        )
        if chance.random() < 0.95:
            whistles.publish(draft, by=self.world.secretary)

    def call_off(self) -> None:
        if whistle := self.any_whistle():
            verb = self.chance.choice([whistles.cancel, whistles.abort])
            verb(whistle, by=self.chance.choice(self.world.staff), reason="下大雨了")

    def volunteer_steps(self) -> None:
        """Mostly something that the table offers; seldom what it refuses."""
        chance, volunteer = self.chance, self.chance.choice(self.world.volunteers)
        own = list(Claim.objects.filter(volunteer=volunteer, state__in=STANDING).exclude(state="credited"))
        offered = [(claim, step) for claim in own for step in _open_steps(claim, volunteer)]
        if offered and chance.random() < 0.75:
            self.step_of(*chance.choices(offered, [_WEIGHTS[step] for _, step in offered])[0], volunteer)
        elif own and chance.random() < 0.2:
            self.step_of(chance.choice(own), chance.choice(list(_WEIGHTS)), volunteer)
        elif whistle := self.any_whistle():
            verb = chance.choice([claims.claim, claims.claim, waiting.wait])
            verb(whistle, by=volunteer.user)

    def step_of(self, claim: Claim, step: str, volunteer: Volunteer) -> None:
        by = volunteer.user if self.chance.random() < 0.95 else self.world.outsider
        verbs: dict[str, Callable[[], Any]] = {
            "check_in": lambda: attendance.check_in(claim, by=by, point=HERE),
            "check_out": lambda: attendance.check_out(claim, by=by, point=HERE),
            "withdraw": lambda: claims.withdraw(claim, by=by),
            "leave": lambda: waiting.leave(claim, by=by),
            "fulfil": lambda: wishes.fulfil(claim, by=by, photos=[PICTURE]),
        }
        verbs[step]()

    def staff_steps(self) -> None:
        rows = list(Claim.objects.exclude(state__in=("withdrawn", "released", "waiting")))
        if not rows:
            return
        chance = self.chance
        claim, by = (
            chance.choice(rows),
            chance.choice([self.world.second, self.world.second, *self.world.staff]),
        )
        minutes, now = chance.choice([None, 1, 30, 60, 90, 500]), clock.now()
        verbs: list[Callable[[], Any]] = [
            lambda: crediting.credit(claim, by=by, minutes=minutes, reason=chance.choice(["", "现场确认"])),
            lambda: crediting.credit(claim, by=by),
            lambda: crediting.refuse(claim, by=by, reason="没有干完"),
            lambda: crediting.absent(claim, by=by),
            lambda: crediting.correct(claim, by=by, minutes=minutes or 45, reason="核对过了"),
            lambda: crediting.reverse(claim, by=by, reason="记错了人"),
            lambda: attendance.attest(
                claim, by=by, came_at=claim.whistle.starts_at, left_at=min(now, claim.whistle.over_at)
            ),
        ]
        chance.choice(verbs)()

    def move_home(self) -> None:
        """Somebody moves to the other community, or leaves."""
        volunteer, city = self.chance.choice(self.world.volunteers), self.world.city
        place = self.chance.choice([city.home, city.next_door])
        if self.chance.random() < 0.3:
            now = Registration.objects.confirmed().filter(volunteer=volunteer).first()
            if now is not None:
                registry.end(now, by=volunteer.user, reason="搬家了")
            return
        chosen = registry.choose(volunteer, by=volunteer.user, community=place.organization)
        registry.confirm(chosen, by=place.secretary, grid=place.grid)

    def any_whistle(self) -> Whistle | None:
        rows = list(Whistle.objects.order_by("pk"))
        alive = [row for row in rows if row.state in (WhistleState.OPEN, WhistleState.RUNNING)]
        return self.chance.choice(alive * 20 + rows) if rows else None


#: What a volunteer does with his claim, and how gladly.
_WEIGHTS = {"check_in": 8, "check_out": 8, "fulfil": 3, "withdraw": 1, "leave": 1}


def _open_steps(claim: Claim, volunteer: Volunteer) -> list[str]:
    return [step.name for step in CLAIMS.steps_open_to(volunteer.user, claim) if step.name in _WEIGHTS]


def tick() -> None:
    """What beat does every minute."""
    whistles.start_and_finish_due()
    waiting.settle_due()
    crediting.call_absent_due()


# What holds


def traces() -> tuple[Any, ...]:
    """Everything that a refused step must leave as it was."""
    return (
        list(Claim.objects.order_by("pk").values_list("pk", "state", "checked_in_at", "checked_out_at")),
        list(Whistle.objects.order_by("pk").values_list("pk", "state")),
        list(Registration.objects.order_by("pk").values_list("pk", "state")),
        ClaimEvent.objects.count(),
        WhistleEvent.objects.count(),
        LedgerEntry.objects.count(),
    )


def faults() -> list[str]:
    rows = list(Claim.objects.select_related("whistle", "volunteer"))
    return [
        *_places(rows),
        *_overlaps(rows),
        *_chains(),
        *_queues(rows),
        *_registrations(),
        *ledger_proof.findings(),
    ]


def _places(rows: list[Claim]) -> Iterable[str]:
    live = Counter(row.whistle_id for row in rows if row.state in LIVE)
    for row in {row.whistle_id: row.whistle for row in rows}.values():
        if live[row.pk] > row.places_max:
            yield f"{live[row.pk]} on {row.places_max} places of {row}"
    pairs = Counter((row.whistle_id, row.volunteer_id) for row in rows if row.state in STANDING)
    yield from (f"twice on a whistle: {pair}" for pair, number in pairs.items() if number > 1)
    for row in rows:
        if row.whistle.state == WhistleState.CANCELLED and row.state in STANDING:
            yield f"{row.state} on a cancelled whistle"


def _overlaps(rows: list[Claim]) -> Iterable[str]:
    """Whoever joins what runs already is there from then on: he may have come from somewhere else."""
    mine: dict[int, list[Claim]] = {}
    for row in rows:
        if row.state in LIVE and not row.whistle.is_wish:
            mine.setdefault(row.volunteer_id, []).append(row)
    for held in mine.values():
        for one, other in combinations(held, 2):
            if _from(one) < other.whistle.over_at and _from(other) < one.whistle.over_at:
                yield f"{one.volunteer} at two places at once: {one.whistle} and {other.whistle}"


def _from(claim: Claim) -> datetime:
    return max(claim.whistle.starts_at, claim.claimed_at)


def _chains() -> Iterable[str]:
    """Every event begins where the one before ended, and the last one is the state."""
    for model, events in ((Claim, ClaimEvent), (Whistle, WhistleEvent)):
        state: dict[int, str] = {}
        for subject, source, target in events.objects.order_by("id").values_list(
            "subject", "source", "target"
        ):
            if state.get(subject, "") != source:
                yield f"{model.__name__} {subject}: from {source}, was {state.get(subject)}"
            state[subject] = target
        kept = dict(model.objects.values_list("pk", "state"))
        yield from (
            f"{model.__name__} {pk}: {kept[pk]} is not {said}"
            for pk, said in state.items()
            if kept[pk] != said
        )


def _queues(rows: list[Claim]) -> Iterable[str]:
    """Nobody waits before a free place unless nothing has settled the queue yet, and the earlier are first."""
    for row in rows:
        if row.state == ClaimState.WAITING and row.whistle.state == WhistleState.DRAFT:
            yield "somebody waits for a draft"
    promoted: dict[int, list[tuple[datetime, int]]] = {}
    for event in ClaimEvent.objects.filter(step="promote").order_by("id").select_related("subject"):
        queued = event.subject.events.get(step="wait")
        promoted.setdefault(event.subject.whistle_id, []).append((queued.at, event.subject_id))
    for order in promoted.values():
        if order != sorted(order):
            yield f"promoted out of order: {order}"


def _registrations() -> Iterable[str]:
    confirmed = Counter(
        Registration.objects.filter(state=RegistrationState.CONFIRMED).values_list("volunteer", flat=True)
    )
    yield from (
        f"volunteer {pk} is confirmed {number} times" for pk, number in confirmed.items() if number > 1
    )


def test_the_walk_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proofs are proofs: with the check of places taken out they find what happens then."""
    from volunteers.claiming import standing

    monkeypatch.setattr(standing, "_full", lambda whistle, spoken_for: "")
    world = World()
    with clock.at(FRIDAY_NOON):
        whistle = whistles.publish(a_draft(world.city.home, places_max=1), by=world.secretary)
        assert is_recruiting(whistle)
        for volunteer in world.volunteers[:2]:
            claims.claim(whistle, by=volunteer.user)
        assert any("on 1 places" in fault for fault in faults())
