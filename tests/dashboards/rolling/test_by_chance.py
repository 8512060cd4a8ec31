"""Whatever people do, and whatever moves below them: after the next round every figure equals the rows.

Random edits through the verbs of the platform: the workflow of requests with dispatches, merges and parts, whistles
from draft to correction, registrations, policies, the registry; nodes, grid branches, groups and buildings that go
elsewhere. The proof is `rolling.proving`. More sequences, others with every seed:
WENSHAO_SEQUENCES=200 WENSHAO_SEED=1 pytest -s tests/dashboards/rolling/test_by_chance.py
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction

from dashboards import rolling
from dashboards.rolling import proving
from grids import buildings, households, layout, residents
from grids.models import Building, Grid, Household, Resident
from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations import policies, tree
from organizations.models import Organization
from organizations.posts import Tier
from requests import dispatching, ticking, workflow
from requests.models import Dispatch, ServiceRequest
from requests.states import OPEN, State
from requests.tables import DISPATCHES, REQUESTS
from tests.dashboards.rolling.scenes import World, a_world
from tests.grids.homes import a_resident
from tests.volunteers.scenes import FRIDAY_NOON, HERE, a_draft, credited
from tests.workflow import chances
from volunteers.accounting import crediting
from volunteers.claiming import claims, waiting
from volunteers.joining import registry
from volunteers.models import Claim, ClaimEvent, Registration, Whistle
from volunteers.presence import attendance
from volunteers.states import Audience, WhistleKind, WhistleState
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db
SEQUENCES, STEPS = int(os.environ.get("WENSHAO_SEQUENCES", 2)), 70
SEED = int(os.environ.get("WENSHAO_SEED", 0))
#: Mostly minutes: in the first round of a day everything is counted, which would hide what was not heard of.
SPANS = [timedelta(minutes=minutes) for minutes in (1, 4, 11, 15, 30, 45)]
ROUND_AFTER = 8  # steps, on average
UNDER_WAY = (*OPEN, State.RESOLVED)
SELDOM = chances.QUIET | {"decline", "ask", "merge"}
AHEAD = {"accept", "handle", "resolve", "rate", "reopen", "sign", "answer", "confirm", "reject"}


def test_every_figure_equals_the_rows_after_the_next_round() -> None:
    done = Counter[str]()
    with clock.at(FRIDAY_NOON - timedelta(days=40)):
        world = a_world()
    for number in range(SEQUENCES):
        walk = Walk(world, Random(f"{SEED}/{number}"))
        with transaction.atomic():
            try:
                walk.go()
            except AssertionError as broken:
                raise AssertionError(f"WENSHAO_SEED={SEED}, sequence {number}: {broken}") from broken
            done.update(walk.done)
            done.update(f"claim {step}" for step in ClaimEvent.objects.values_list("step", flat=True))
            transaction.set_rollback(True)
    print(f"{SEQUENCES} sequences:", dict(done.most_common()))
    assert done["part of a day"] and done["everything"], "rounds of both kinds"


class Walk:
    """One sequence. Steps that are refused leave nothing behind; what was done last is named when a proof fails."""

    def __init__(self, world: World, chance: Random) -> None:
        self.world, self.chance, self.now = world, chance, FRIDAY_NOON - timedelta(days=3)
        self.done, self.lately = Counter[str](), list[str]()
        self.habits: list[tuple[Callable[[], Any], int]] = [
            (self.ask, 12), (self.go_on, 45), (self.answer_dispatch, 12), (self.blow, 8), (self.serve, 30),
            (self.judge, 14), (self.register, 5), (self.hang_elsewhere, 2), (self.cover, 2), (self.regroup, 3),
            (self.relocate, 2), (self.sign, 1), (self.keep_registry, 3), (self.sleep, 2),
        ]  # fmt: skip

    def go(self) -> None:
        """A few days of work lie behind it, so that rounds within a day find days that are over to go back to."""
        for number, volunteer in enumerate(self.world.volunteers[:3]):
            begun = self.now - timedelta(days=10 * number + 4)
            credited(self.world.city.home, volunteer, starts_at=begun, grid=self.world.corner)
        for _ in range(8):
            self.now += timedelta(hours=5)
            self.attempt(self.ask)
            for _ in range(4):
                self.attempt(self.go_on)
        self.round()
        for _ in range(STEPS):
            self.now += self.chance.choice(SPANS)
            does = [does for does, _ in self.habits]
            self.attempt(self.chance.choices(does, [weight for _, weight in self.habits])[0])
            if self.chance.random() < 1 / ROUND_AFTER:
                self.round()
        self.round()

    def attempt(self, does: Callable[[], Any]) -> None:
        for person in self.world.people:
            person.scope_cache = {}  # type: ignore[attr-defined]  # the tree moves
        try:
            with clock.at(self.now), transaction.atomic():
                does()
        except (RuleViolation, NoPower):
            return
        self.lately.append(does.__name__)
        self.done[does.__name__] += 1

    def round(self) -> None:
        with clock.at(self.now):
            done = rolling.catch_up()
            assert done is not None
            found = proving.differences(at_once=12)
            assert not found, f"after {self.lately[-12:]} at {self.now}: {[str(each) for each in found[:5]]}"
            self.done["everything" if done.is_full else "part of a day"] += 1
            self.lately.clear()
            if self.chance.random() < 0.3:
                again = rolling.catch_up()
                assert again is not None and again.rows == 0, "the same round writes nothing twice"

    def sleep(self) -> None:
        """A night, or days in which the platform was down."""
        self.now += timedelta(days=self.chance.choice([1, 1, 4]))

    # Requests

    def ask(self) -> None:
        place = {"building": self.chance.choice(self.world.buildings)}
        if self.chance.random() < 0.2:
            place = {"community": self.chance.choice(self.world.communities).organization}  # type: ignore[dict-item]
        by = self.chance.choice(self.world.residents)
        workflow.submit(by=by, category=self.chance.choice(self.world.categories), text="楼道灯不亮", **place)

    def go_on(self) -> None:
        ticking.catch_up()
        rows = list(ServiceRequest.objects.order_by("pk"))
        row = self.chance.choice([each for each in rows if each.state in UNDER_WAY] * 4 + rows)
        name, person = self.offer(REQUESTS, row)
        words = chances.words_for(name, self.world, row, self.chance)
        words |= {"responsible": person} if name == "handle" else {}
        workflow.VERBS[name](row, by=person, **words)
        self.done[f"request {name}"] += 1

    def answer_dispatch(self) -> None:
        rows = list(Dispatch.objects.order_by("pk"))
        if not rows:
            raise RuleViolation("none")
        row = self.chance.choice(rows)
        name, person = self.offer(DISPATCHES, row)
        words = chances.words_for_dispatch(name, self.world, row, self.chance)
        dispatching.VERBS[name](row, by=person, **words)
        self.done[f"dispatch {name}"] += 1

    def offer(self, machine: Any, row: Any) -> tuple[str, Any]:
        """A step that somebody may take, a quiet one seldom."""
        people = self.chance.sample(self.world.people, len(self.world.people))
        names = [
            name for name, step in machine.steps.items() if row.state in step.sources and name != "whistle"
        ]
        if row.state == State.IN_PROGRESS and "handle" in names:
            names.remove("handle")  # somebody else would handle it, again and again
        self.chance.shuffle(names)
        seldom = {name: name in SELDOM and self.chance.random() < 0.8 for name in names}
        names.sort(key=lambda name: (seldom[name], name not in AHEAD and self.chance.random() < 0.7))
        for name in names:
            step = machine.steps[name]
            for person in people:
                own = step.impartial and machine.owner(row) == person.pk
                if step.power(person, row) and not own and not step.guard(row):
                    return name, person
        raise RuleViolation("nobody can do anything")

    # Whistles

    def blow(self) -> None:
        chance, place = self.chance, self.chance.choice(self.world.communities[:2])
        start = clock.now() + timedelta(minutes=chance.choice([20, 90, 60 * 24 * 9, 60 * 24 * 40]))
        asked = ServiceRequest.objects.filter(
            community=place.organization, state__in=("accepted", "in_progress"), whole=None
        )
        asked_for = chance.choice([None, *asked])
        draft = a_draft(
            place,
            kind=WhistleKind.SERVICE,
            title=f"{start:%d %H:%M} {chance.random()}"[:40],
            starts_at=start,
            ends_at=start + timedelta(minutes=60),
            audience=Audience.DISTRICT,
            service_request=asked_for,
            grid=chance.choice([None, place.grid, place.first_grid]) if asked_for is None else asked_for.grid,
        )
        if chance.random() < 0.9:
            whistles.publish(draft, by=place.secretary)

    def serve(self) -> None:
        """The clock of whistles, or a volunteer: claims, comes, goes, withdraws; now and then it is called off."""
        chance = self.chance
        whistles.start_and_finish_due()
        waiting.settle_due()
        crediting.call_absent_due()
        volunteer = chance.choice(self.world.volunteers)
        alive = list(Whistle.objects.filter(state__in=(WhistleState.OPEN, WhistleState.RUNNING)))
        alive.sort(key=lambda row: row.starts_at)
        if alive and chance.random() < 0.08:
            verb = chance.choice([whistles.cancel, whistles.abort])
            verb(chance.choice(alive), by=self.world.city.home.secretary, reason="下大雨了")
        elif own := list(Claim.objects.filter(volunteer=volunteer, state__in=("claimed", "checked_in"))):
            self._attend(chance.choice(own), volunteer)
        elif alive:
            claims.claim(chance.choice(alive[:2] + alive), by=volunteer.user)

    def _attend(self, claim: Claim, volunteer: Any) -> None:
        if claim.state == "checked_in":
            attendance.check_out(claim, by=volunteer.user, point=HERE)
        elif self.chance.random() < 0.1:
            claims.withdraw(claim, by=volunteer.user)
        else:
            attendance.check_in(claim, by=volunteer.user, point=HERE)

    def judge(self) -> None:
        rows = list(Claim.objects.exclude(state__in=("withdrawn", "released", "waiting")).order_by("pk"))
        if not rows:
            raise RuleViolation("none")
        chance, claim = self.chance, self.chance.choice(rows)
        by = self.world.city.home.secretary
        if claim.whistle.community_id == self.world.city.next_door.organization.pk:
            by = self.world.city.next_door.secretary
        verbs: list[Callable[[], Any]] = [
            lambda: crediting.credit(claim, by=by, minutes=chance.choice([None, 30, 60]), reason="现场确认"),
            lambda: crediting.credit(claim, by=by, minutes=45, reason="现场确认"),
            lambda: crediting.refuse(claim, by=by, reason="没有干完"),
            lambda: crediting.absent(claim, by=by),
            lambda: crediting.correct(claim, by=by, minutes=chance.choice([20, 50]), reason="核对过了"),
            lambda: crediting.reverse(claim, by=by, reason="记错了人"),
        ]
        chance.choice(verbs)()

    def register(self) -> None:
        chance, volunteer = self.chance, self.chance.choice(self.world.volunteers)
        place = chance.choice(self.world.communities)
        now = Registration.objects.confirmed().filter(volunteer=volunteer).first()
        if now is not None and chance.random() < 0.3:
            grids = list(Grid.objects.filter(community=now.community))
            registry.regrid(now, by=place.secretary, grid=chance.choice(grids))
        elif now is not None and chance.random() < 0.3:
            registry.end(now, by=volunteer.user, reason="搬家了")
        else:
            chosen = registry.choose(volunteer, by=volunteer.user, community=place.organization)
            registry.confirm(chosen, by=place.secretary, grid=place.grid)

    # The tree and the territory

    def hang_elsewhere(self) -> None:
        """A community goes to another street, a group or zone below another node, or a node comes or is closed."""
        chance, world = self.chance, self.world
        movable = [*(place.organization for place in world.communities), *world.groups, *world.zones]
        node = Organization.objects.get(pk=chance.choice(movable).pk)
        if chance.random() < 0.25:
            branch = tree.plant(
                parent=world.city.home.organization,
                tier=Tier.GRID_BRANCH,
                name=f"支部{chance.random()}",
                by=None,
            )
            if chance.random() < 0.5:
                tree.close(branch, by=None)
            return
        above = Organization.objects.filter(tier__lt=node.tier, tree_id=node.tree_id)
        tree.move(node, to=chance.choice(list(above)), by=None)

    def cover(self) -> None:
        """A grid gets another Party organization, or none."""
        grid = self.chance.choice(list(Grid.objects.all()))
        inside = Organization.objects.filter(parent__isnull=False, tier__gte=Tier.GRID_BRANCH)
        grid.branch = self.chance.choice([None, *inside])
        layout.save(grid, by=None)

    def regroup(self) -> None:
        building = Building.objects.get(pk=self.chance.choice(self.world.buildings).pk)
        building.group = self.chance.choice([None, *self.world.groups, *self.world.zones])
        buildings.save(building, by=None)

    def relocate(self) -> None:
        building = Building.objects.get(pk=self.chance.choice(self.world.buildings).pk)
        grids = list(Grid.objects.filter(community=building.community))
        buildings.relocate(building, by=None, grid=self.chance.choice(grids))

    def sign(self) -> None:
        policies.sign(
            by=self.world.officer,
            district=self.world.city.district,
            begins_on=clock.today() + timedelta(days=self.chance.choice([0, 1])),
            document="武组〔2026〕12 号",
            preset="own",
            quota_times=self.chance.choice([0, 1, 2]),
            quota_hours=self.chance.choice([0, 1, 20]),
        )

    def keep_registry(self) -> None:
        chance = self.chance
        if chance.random() < 0.4:
            a_resident(chance.choice(self.world.communities))
        elif chance.random() < 0.5:
            home = chance.choice(list(Household.objects.all()))
            households.assess(
                home, by=None, level=chance.choice(["green", "yellow", "red"]), reason="上门看过"
            )
        else:
            residents.leave(chance.choice(list(Resident.objects.present())), by=None)
