"""Whatever people do with requests and however late the clock is: nothing illegal, nothing lost, no dead end.

hypothesis plays random steps of random people with random words on a few requests, their dispatches, holds,
merges and parts, while the clock moves on. After every step everything in `standing` holds; in the end every
open row can be led to an end. Thousands of sequences, others with every seed:
WENSHAO_SEQUENCES=2000 WENSHAO_SEED=1 pytest -s tests/workflow/test_by_chance.py
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from accounts.models import User
from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.steps import Machine
from requests import afterwards, asking_back, dispatching, ticking, workflow
from requests.models import Dispatch, ServiceRequest
from requests.states import LIVE, OPEN, Outcome, State
from requests.tables import DISPATCHES, REQUESTS
from tests.workflow import FRIDAY, chances, standing

pytestmark = pytest.mark.django_db
SEQUENCES, STEPS = int(os.environ.get("WENSHAO_SEQUENCES", 25)), 25
MANY = 2000  # so many sequences take every step of both tables at least once
MOST_REQUESTS = 4
ALIVE = (*OPEN, State.MERGED, State.RESOLVED)
SPANS = [timedelta(minutes=1), timedelta(minutes=40), timedelta(hours=5)] + [
    timedelta(days=days) for days in (1, 3, 6, 8, 16, 30)
]
luck = st.randoms(use_true_random=True)


def test_no_sequence_of_steps_breaks_the_table(db: Any) -> None:
    Walk.world = chances.a_world()
    how = settings(
        max_examples=SEQUENCES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize="WENSHAO_SEED" not in os.environ,
        database=None,
        phases=[Phase.generate] if SEQUENCES > 100 else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    if "WENSHAO_SEED" in os.environ:
        seed(int(os.environ["WENSHAO_SEED"]))(Walk)
    run_state_machine_as_test(Walk, settings=how)
    print(f"{SEQUENCES} sequences took", dict(Walk.taken.most_common()))
    if SEQUENCES >= MANY:
        assert {*REQUESTS.steps, *DISPATCHES.steps} <= Walk.taken.keys()


class Walk(RuleBasedStateMachine):
    world: chances.World
    taken: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = FRIDAY
        self.before = standing.Snapshot()
        self.undone = transaction.atomic()
        self.undone.__enter__()

    def teardown(self) -> None:
        try:
            with clock.at(self.now):
                self.everything_can_end()
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    @initialize(chance=luck)
    def begin(self, chance: Random) -> None:
        with clock.at(self.now):
            for _ in range(2):
                self.file(chance)
                self.lead_on(chance)

    @rule(chance=luck)
    def go_on(self, chance: Random) -> None:
        (does,) = chance.choices([does for does, _ in HABITS], [weight for _, weight in HABITS])
        with clock.at(self.now):
            does(self, chance)

    def lead_on(self, chance: Random) -> None:
        """Some begin far along the road, or walks of so few steps would seldom see its end."""
        row = ServiceRequest.objects.latest("pk")
        for _ in range(chance.randrange(4)):
            if row.state == State.ACCEPTED and chance.random() < 0.4:
                by = _somebody(self.world, "escalate", row)
                workflow.VERBS["escalate"](row, by=by, reason="要上级协调")
            else:
                _AHEAD[row.state](self.world, row)
        self.all_is_well()

    # What happens

    def wait(self, chance: Random) -> None:
        """Minutes or weeks; where the platform was down, nobody hears of it until the next time."""
        self.now += chance.choice(SPANS)
        with clock.at(self.now):
            if chance.random() < 0.8:
                ticking.catch_up()
            self.all_is_well()

    def file(self, chance: Random) -> None:
        if sum(row.whole_id is None for row in self.before.rows.values()) < MOST_REQUESTS:
            chances.file(self.world, chance)
            self.all_is_well()

    def step(self, chance: Random) -> None:
        """What somebody is offered on his page, with words that are sensible for the most part."""
        row = self.any_request(chance)
        if chosen := self.offer(REQUESTS, row, chance):
            self.take(*chosen, row, chance)

    def strange_step(self, chance: Random) -> None:
        """Anybody tries anything, as a forged request would."""
        name = chance.choice(sorted(workflow.VERBS))
        self.take(name, chance.choice(self.world.people), self.any_request(chance), chance)

    def step_of_dispatch(self, chance: Random) -> None:
        row = chance.choice(list(Dispatch.objects.all()) or [None])
        if row and (chosen := self.offer(DISPATCHES, row, chance)):
            self.take_on_dispatch(*chosen, row, chance)

    def strange_step_of_dispatch(self, chance: Random) -> None:
        if row := chance.choice(list(Dispatch.objects.all()) or [None]):
            name = chance.choice(sorted(dispatching.VERBS))
            self.take_on_dispatch(name, chance.choice(self.world.people), row, chance)

    def hold(self, chance: Random) -> None:
        """A floor above: a whistle runs, or is over."""
        row = self.any_request(chance)
        if row.state in (State.ACCEPTED, State.IN_PROGRESS) and chance.random() < 0.5:
            workflow.set_hold(row, "whistle:1", "哨单正在进行")
        else:
            workflow.clear_hold(row, "whistle:1")
        self.all_is_well()

    # How a step is taken

    def any_request(self, chance: Random) -> ServiceRequest:
        """Seldom one that has ended."""
        rows = list(ServiceRequest.objects.order_by("pk"))
        alive = [row for row in rows if row.state not in (State.WITHDRAWN, State.CLOSED)]
        return chance.choice(alive * 3 + rows)

    def offer(self, machine: Machine, row: Any, chance: Random) -> tuple[str, User] | None:
        """A step that is open to somebody; a quiet one seldom, or where there is no other."""
        wants_quiet = chance.random() < 0.1
        names = [name for name, step in machine.steps.items() if row.state in step.sources]
        chance.shuffle(names)
        names.sort(key=lambda name: (name in chances.QUIET) != wants_quiet)
        people = chance.sample(self.world.people, len(self.world.people))
        for name in names:
            for person in people:
                if may(machine, name, person, row) and not machine.steps[name].guard(row):
                    return name, person
        return None

    def take(self, name: str, by: User, row: ServiceRequest, chance: Random) -> None:
        if name == "whistle":
            self.attempt(name, row, by, lambda: workflow.whistled(row, by=by, whistle_id=1))
        else:
            words = chances.words_for(name, self.world, row, chance)
            self.attempt(name, row, by, lambda: workflow.VERBS[name](row, by=by, **words))

    def take_on_dispatch(self, name: str, by: User, row: Dispatch, chance: Random) -> None:
        words = chances.words_for_dispatch(name, self.world, row, chance)
        self.attempt(name, row, by, lambda: dispatching.VERBS[name](row, by=by, **words))

    def attempt(self, name: str, row: Any, by: User, step: Any) -> None:
        """Taken, it left its event; refused, it left nothing. Outsiders are always refused."""
        known = set(row.events.values_list("pk", flat=True))
        try:
            step()
        except (RuleViolation, NoPower):
            assert standing.Snapshot.taken().is_as(self.before), f"{name} was refused and left a trace"
            return
        assert by not in self.world.outsiders, f"an outsider took {name}"
        new = [(event.step, event.by) for event in row.events.exclude(pk__in=known).order_by("pk")]
        closed = [("conclude", None)] if ("conclude", None) in new else []
        assert new == [(name, by), *closed]
        assert bool(closed) == (name in ("resolve", "consent_explained") and row.is_proactive)
        self.all_is_well()

    # What holds

    def all_is_well(self) -> None:
        now = standing.Snapshot.taken()
        assert standing.faults(now, self.before) == []
        self.before = now

    def everything_can_end(self) -> None:
        self.taken.update(event.step for events in self.before.events.values() for event in events)
        self.taken.update(event.step for events in self.before.dispatch_events.values() for event in events)
        rows = list(self.before.rows.values())
        with for_a_try(self.before):
            for row in rows:
                lead_to_end(self.world, copy(row))
        with for_a_try(self.before):
            for row in rows:
                if row.whole_id is None and row.state in (*OPEN, State.MERGED):
                    withdraw(self.world, copy(row))


#: What happens how often.
HABITS = [
    (Walk.step, 55),
    (Walk.wait, 12),
    (Walk.step_of_dispatch, 15),
    (Walk.strange_step, 12),
    (Walk.strange_step_of_dispatch, 4),
    (Walk.hold, 4),
    (Walk.file, 5),
]


@contextmanager
def for_a_try(before: standing.Snapshot) -> Iterator[None]:
    """All holds afterwards as well; then it never happened."""
    with transaction.atomic():
        yield
        assert standing.faults(standing.Snapshot.taken(), before) == []
        transaction.set_rollback(True)


def may(machine: Machine, name: str, person: User, row: Any) -> bool:
    step = machine.steps[name]
    return step.power(person, row) and not (step.impartial and machine.owner(row) == person.pk)


# A way out


def lead_to_end(world: chances.World, row: ServiceRequest) -> None:
    """Staff and clock alone bring it to an end, by the plainest step in every state."""
    for _ in range(12):
        row.refresh_from_db()
        if row.state not in ALIVE:
            return
        _AHEAD[row.state](world, row)
    raise AssertionError(f"{row.number} is stuck in {row.state}")


def _somebody(world: chances.World, name: str, row: Any, machine: Any = REQUESTS) -> User:
    for person in world.people:
        if may(machine, name, person, row):
            return person
    raise AssertionError(f"nobody can {name} {row}, now {row.state}")


def _accept(world: chances.World, row: ServiceRequest) -> None:
    workflow.accept(row, by=_somebody(world, "accept", row), track="important")


def _handle(world: chances.World, row: ServiceRequest) -> None:
    person = _somebody(world, "handle", row)
    workflow.handle(row, by=person, responsible=person)


def _finish(world: chances.World, row: ServiceRequest) -> None:
    for each in row.dispatches.filter(state__in=LIVE):
        if each.state == "answered":
            marks = {"timely": 5, "effective": 5, "attitude": 5}
            dispatching.confirm(each, by=_somebody(world, "confirm", each, DISPATCHES), **marks)
        else:
            dispatching.recall(each, by=_somebody(world, "recall", each, DISPATCHES), reason="收回")
    for part in row.parts.open():
        lead_to_end(world, part)
    workflow.clear_hold(row, "whistle:1")
    _handle(world, row)  # nobody waits for another lead then
    name = "complete" if row.is_part else "resolve"
    workflow.VERBS[name](row, by=_somebody(world, name, row), outcome=Outcome.SOLVED, text="好了")


def _time_out(world: chances.World, row: ServiceRequest) -> None:
    with clock.at(max(row.asked_until, clock.now())):
        asking_back.time_out(row)


def _lapse(world: chances.World, row: ServiceRequest) -> None:
    with clock.at(max(row.lapse_due, clock.now())):
        afterwards.lapse(row)


def _with_target(world: chances.World, row: ServiceRequest) -> None:
    lead_to_end(world, row.merged_into)
    row.refresh_from_db()
    assert row.state == (State.CLOSED if row.is_proactive else State.RESOLVED)


_AHEAD = {
    State.SUBMITTED: _accept,
    State.ACCEPTED: _handle,
    State.IN_PROGRESS: _finish,
    State.ASKED: _time_out,
    State.RESOLVED: _lapse,
    State.MERGED: _with_target,
}


def withdraw(world: chances.World, row: ServiceRequest) -> None:
    """Whoever speaks for it can always take it back."""
    row.refresh_from_db()
    workflow.withdraw(row, by=_somebody(world, "withdraw", row))
