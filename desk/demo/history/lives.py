"""What happened, as plain data: the deeds of a request, of what was dispatched for it, of a whistle and its claims.

A life says who took which step when, and nothing of states, dues and columns: `playing` and `serving` derive those
by the tables of the platform, `writing` writes them. Whoever invents lives (this demo's year, a simulated city)
hands them over and needs to know nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from grids.models import Building
from organizations.models import Unit
from requests.models import Category
from requests.states import DutyArea, Grade
from volunteers.models import Volunteer
from volunteers.states import Task, WhistleKind


@dataclass(slots=True)
class Deed:
    """One step that was taken: by its name in the table, when, by whom (None: the clock), with what words.

    codes: what was chosen. A Life, Sending or Calling among them stands for the id that its row will have.
    scene: the picture that came with it, a name of `pictures.SCENES`.
    """

    step: str
    at: datetime
    by: User | None
    words: str = ""
    codes: dict[str, Any] = field(default_factory=dict)
    is_internal: bool = False
    scene: str = ""


@dataclass(slots=True, eq=False)
class Sending:
    """派单 to a unit: what it was asked, and its deeds from "send" on. answer_due: aware."""

    unit: Unit
    text: str
    grade: Grade
    is_lead: bool
    answer_due: datetime
    deeds: list[Deed] = field(default_factory=list)
    row: Any = None


@dataclass(slots=True, eq=False)
class Helping:
    """接单: one volunteer on a whistle, his deeds from "claim" on. metres: how far away he checked in and out."""

    volunteer: Volunteer
    deeds: list[Deed] = field(default_factory=list)
    metres: tuple[int, int] = (20, 20)
    row: Any = None


@dataclass(slots=True, eq=False)
class Calling:
    """吹哨: a whistle at a building, its deeds from "draft" on, and who helped. Times are aware."""

    house: Building
    title: str
    text: str
    kind: WhistleKind
    area: DutyArea
    task: Task
    starts_at: datetime
    ends_at: datetime
    places: int
    by: User
    deeds: list[Deed] = field(default_factory=list)
    helpers: list[Helping] = field(default_factory=list)
    life: Life | None = None
    row: Any = None

    @property
    def ends(self) -> datetime:
        """When the last thing happened to it."""
        return max(deed.at for deeds in self.all_deeds() for deed in deeds)

    def until(self, now: datetime) -> Calling:
        """Leave out what lies ahead."""
        for deeds in self.all_deeds():
            deeds[:] = [deed for deed in deeds if deed.at < now]
        self.helpers[:] = [each for each in self.helpers if each.deeds]
        return self

    def all_deeds(self) -> Iterator[list[Deed]]:
        yield self.deeds
        yield from (each.deeds for each in self.helpers)


@dataclass(slots=True, eq=False)
class Life:
    """点单: what was asked, by whom and where; its deeds from "submit" on, and what was dispatched for it."""

    submitter: User
    house: Building
    category: Category
    title: str
    text: str
    address: str
    source: str
    shares_phone: bool = False
    deeds: list[Deed] = field(default_factory=list)
    sendings: list[Sending] = field(default_factory=list)
    calling: Calling | None = None
    merged: list[Life] = field(default_factory=list)
    row: Any = None

    @property
    def begins(self) -> datetime:
        return self.deeds[0].at

    @property
    def ends(self) -> datetime:
        """When the last thing happened to it, to its dispatches and to those that were merged into it."""
        return max(deed.at for deeds in self.all_deeds() for deed in deeds)

    def until(self, now: datetime) -> Life:
        """Leave out what lies ahead: it has not happened yet."""
        for deeds in self.all_deeds():
            deeds[:] = [deed for deed in deeds if deed.at < now]
        if self.calling is not None:
            self.calling = self.calling.until(now) if self.calling.deeds[0].at < now else None
        self.sendings[:] = [each for each in self.sendings if each.deeds]
        self.merged[:] = [each for each in self.merged if each.deeds]
        return self

    def all_deeds(self) -> Iterator[list[Deed]]:
        yield self.deeds
        yield from (each.deeds for each in self.sendings)
        if self.calling is not None:
            yield from self.calling.all_deeds()
        for other in self.merged:
            yield from other.all_deeds()
