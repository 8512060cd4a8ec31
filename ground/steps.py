"""The step engine (RULES 0): one way for anything with a state to go from one state to the next.

A machine is a table of `Step`s over one model and its event table. A verb is written as

    with REQUESTS.take("accept", service_request, by=user) as move:
        move.thing.track = track            # only what is peculiar to this step

and the engine does the rest: transaction, locks, re-reading, power, source state, guard, saving, event,
news for the floors above. The same table draws buttons, API permissions, history and diagrams.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.dispatch import Signal

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.history import Event
from ground.kept import A_KEY, Kept

#: (user or None for the clock, thing) → may this person do it? The thing is in sight already.
Power = Callable[[Any, Any], bool]
#: thing → "" when nothing stands in the way, else the sentence that says what does.
Guard = Callable[[Any], str]

#: The state that a row has before its first step.
NEW = ""


def clock_only(user: Any, thing: Any) -> bool:
    """The power of steps that no person takes."""
    return user is None


def _nothing_in_the_way(thing: Any) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a table of RULES 1–3.

    sources: states it starts from, {NEW} for the step that creates the row.
    target:  state it leads to; None: it stays where it is, unless `returns` names where the verb may bring it.
    returns: states among which the verb chooses by setting the state itself (back to where it came from).
    power:   who may take it. `impartial`: never on what is one's own (RULES 0, last line).
    guard:   what may stand in the way besides the state.
    done:    how history words it; label: how the button words it.
    tone:    "primary" | "plain" | "danger" for the button; needs_input: the page shows a form first.
    hot_key: the letter that presses the button at the desk.
    """

    name: str
    label: str
    sources: frozenset[str]
    target: str | None
    power: Power
    done: str = ""
    impartial: bool = False
    guard: Guard = _nothing_in_the_way
    tone: str = "plain"
    needs_input: bool = False
    hot_key: str = ""
    returns: frozenset[str] = frozenset()

    @property
    def is_guarded(self) -> bool:
        return self.guard is not _nothing_in_the_way


@dataclass(frozen=True, slots=True)
class Offer:
    """A step that a person may take on a thing now, or the sentence that says why not yet."""

    step: Step
    why_not: str = ""


@dataclass(slots=True)
class Move:
    """A step under way. The verb changes `thing` and may add `codes`; for a creating step it sets `thing`.

    `beside` is a row that the verb wrote besides, for those who hear of the step.
    """

    machine: Machine
    step: Step
    by: Any
    at: datetime
    source: str
    thing: Any = None
    codes: dict[str, Any] = field(default_factory=dict)
    event: Any = None
    target: str = ""
    beside: Any = None
    before: dict[str, Any] = field(default_factory=dict)  # the columns of the thing as it was locked


class Machine:
    """A table of steps over one model.

    model:   has `state_field`; its rows are locked and saved here and nowhere else.
    event:   a concrete `ground.history.Event` with `subject` → model and `by` → user.
    signal:  sent inside the transaction after the event, with `move=`.
    owner:   thing → id of the user whose own thing it is (for impartial steps), or None.
    locks:   foreign keys of the thing that are locked first, in this order (RULES 0, lock order).
    """

    def __init__(
        self,
        *,
        model: type[models.Model],
        event: type[Event],
        steps: Iterable[Step],
        signal: Signal | None = None,
        state_field: str = "state",
        owner: Callable[[Any], int | None] = lambda thing: None,
        locks: tuple[str, ...] = (),
    ) -> None:
        self.model, self.event, self.signal = model, event, signal
        self.state_field, self.owner, self.locks = state_field, owner, locks
        self.steps = {step.name: step for step in steps}

    # Asking

    @property
    def states(self) -> list[tuple[str, str]]:
        """Every state with its label, in their order."""
        return list(self.model._meta.get_field(self.state_field).flatchoices)  # type: ignore[union-attr]

    def offers(self, user: Any, thing: Any, names: Container[str] | None = None) -> list[Offer]:
        """The steps that `user` has the power to take from the present state, each with what stands in the way.

        `names`: only these are asked for; a page that offers few does not pay for the powers of all.
        """
        return [
            Offer(step, step.guard(thing))
            for step in self.steps.values()
            if (names is None or step.name in names)
            and self._state(thing) in step.sources
            and self._may(step, user, thing)
        ]

    def steps_open_to(self, user: Any, thing: Any) -> list[Step]:
        """The steps that `user` can take right now, in the order of the table."""
        return [offer.step for offer in self.offers(user, thing) if not offer.why_not]

    def is_open(self, name: str, user: Any, thing: Any) -> bool:
        return any(step.name == name for step in self.steps_open_to(user, thing))

    # Doing

    @contextmanager
    def take(self, name: str, thing: Any, *, by: Any, savepoint: bool = True, **codes: Any) -> Iterator[Move]:
        """Take a step on an existing row. Raises NoPower, RuleViolation; the caller fetched it through sight.

        `by=None` is the clock. `savepoint=False`: the caller's own transaction ends with the step, whichever way,
        and needs no way back to before it. Inside the block `move.thing` is the locked, freshly read row; on leaving,
        its state is written, the event appended, the signal sent, and `thing` brought up to date.
        """
        step = self.steps[name]
        with transaction.atomic(savepoint=savepoint):
            row = self._lock(thing)
            self._ask(step, by, row)
            move = Move(self, step, by, clock.now(), self._state(row), row, dict(codes))
            move.before = _columns(row)
            yield move
            self._finish(move)
        for each in self.model._meta.concrete_fields:
            setattr(thing, each.attname, getattr(row, each.attname))
        self._keep_at_hand(row, thing)

    @contextmanager
    def begin(
        self,
        name: str,
        *,
        by: Any,
        locks: Iterable[models.Model] = (),
        savepoint: bool = True,
        **codes: Any,
    ) -> Iterator[Move]:
        """Take the step that creates a row: the verb sets `move.thing` to the unsaved row.

        `locks` are existing rows, locked in the order given before anything is read; they are refreshed.
        The power is asked of the row that the verb made, before it is saved.
        """
        step = self.steps[name]
        with transaction.atomic(savepoint=savepoint):
            for row in locks:
                lock_row(row)
            move = Move(self, step, by, clock.now(), NEW, None, dict(codes))
            yield move
            self._ask(step, by, move.thing, state=NEW)
            self._finish(move)

    # Inside

    def _state(self, thing: Any) -> str:
        return getattr(thing, self.state_field)

    def _may(self, step: Step, user: Any, thing: Any) -> bool:
        return step.power(user, thing) and not (step.impartial and self._is_own(user, thing))

    def _is_own(self, user: Any, thing: Any) -> bool:
        return user is not None and user.pk is not None and self.owner(thing) == user.pk

    def _lock(self, thing: Any) -> Any:
        for name in self.locks:
            parent = getattr(thing, name)
            if parent is not None:
                lock_row(parent)
        row = _locked(self.model, thing.pk)
        for name in self.locks:
            setattr(row, name, getattr(thing, name))
        self._keep_at_hand(thing, row)
        return row

    def _keep_at_hand(self, thing: Any, row: Any) -> None:
        """What the caller fetched beside the thing (its place, its submitter) need not be fetched again, as long
        as the locked row still points there; nor, afterwards, what the verb put there. Rows of the same kind are
        left out: those are locked and re-read."""
        for each in self.model._meta.concrete_fields:
            if not each.is_relation or each.related_model is self.model or not each.is_cached(thing):  # type: ignore[attr-defined]
                continue
            if getattr(row, each.attname) == getattr(thing, each.attname):
                each.set_cached_value(row, each.get_cached_value(thing))  # type: ignore[attr-defined]

    def _ask(self, step: Step, user: Any, thing: Any, *, state: str | None = None) -> None:
        if not step.power(user, thing):
            raise NoPower()
        if step.impartial and self._is_own(user, thing):
            raise RuleViolation("这是你自己的事项，请由其他人来办。")
        state = self._state(thing) if state is None else state
        if state not in step.sources:
            now = dict(self.states).get(state, "新建")
            raise RuleViolation(f"现在是“{now}”，不能{step.label}。请刷新看看最新进度。")
        if why_not := step.guard(thing):
            raise RuleViolation(why_not)

    def _finish(self, move: Move) -> None:
        if move.step.target is not None:
            setattr(move.thing, self.state_field, move.step.target)
        move.target = self._state(move.thing)
        if move.step.target is None and move.target not in (move.step.returns or {move.source}):
            raise ValueError(f"{move.step.name} may not lead from {move.source} to {move.target}")
        _save(move)
        happened = {"step": move.step.name, "source": move.source, "target": move.target, "codes": move.codes}
        move.event = self.event(**happened, subject=move.thing, by=move.by, at=move.at)  # type: ignore[misc]
        move.event.save()
        if self.signal is not None:
            self.signal.send(sender=self.model, move=move)


def _save(move: Move) -> None:
    """A new row whole; of one that was locked what the step has changed: other columns and their indexes rest."""
    if not move.before:
        return move.thing.save()
    now = _columns(move.thing)
    changed = [name for name, value in now.items() if value != move.before[name]]
    return move.thing.save(update_fields=changed)


def _columns(row: Any) -> dict[str, Any]:
    """What is in the columns, by attribute; what could be changed in its place is copied."""
    values = {each.attname: getattr(row, each.attname) for each in row._meta.concrete_fields}
    return {
        name: copy.deepcopy(each) if isinstance(each, dict | list) else each for name, each in values.items()
    }


def lock_row(row: Any) -> None:
    """Lock an existing row (`request.user` too) until the transaction ends, and bring the object up to date."""
    fresh = _locked(row._meta.model, row.pk)
    for each in row._meta.concrete_fields:
        setattr(row, each.attname, getattr(fresh, each.attname))


def _locked(model: type[models.Model], pk: Any) -> Any:
    """The row as it is now, locked."""
    if (kept := _LOCKING.get(model)) is None:
        rows = model._base_manager.order_by()
        kept = Kept(lambda pk: rows.filter(pk=pk).select_for_update(of=("self",)), pk=A_KEY)
        _LOCKING[model] = kept
    row = kept.first(pk=pk)
    if row is None:
        raise RuleViolation("这条记录已经不在了，请刷新页面。")
    return row


_LOCKING: dict[type[models.Model], Kept[Any]] = {}
