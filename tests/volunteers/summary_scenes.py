"""A district's months of service, invented in bulk and the same every time, and workbooks as sums see them."""

from __future__ import annotations

import io
import itertools
import random
import uuid
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from python_calamine import CalamineWorkbook

from accounts.models import User
from ground import clock
from organizations.models import Member, Unit
from requests.states import DutyArea
from tests.factories import City, Community
from volunteers.models import Claim, LedgerEntry, SummaryJob, Thanks, Volunteer, Whistle
from volunteers.states import Attested, ClaimState, EntryKind, Task, VolunteerKind, WhistleKind, WhistleState
from volunteers.summaries import asking, fetching, running

FIRST, LAST = date(2026, 1, 1), date(2026, 10, 31)
BATCH = 5_000
#: What became of a claim, out of a hundred.
FATES = (
    *((ClaimState.CREDITED, 86), (ClaimState.ABSENT, 4), (ClaimState.REFUSED, 3), (ClaimState.WITHDRAWN, 4)),
    *((ClaimState.CHECKED_OUT, 2), (ClaimState.WAITING, 1)),
)


class Invention:
    """`entries` credits (and some corrections) by `people` of `units`, about ten on a whistle, at `communities`."""

    def __init__(
        self,
        city: City,
        communities: list[Community],
        *,
        entries: int,
        people: int,
        units: int,
        seed: int = 7,
    ) -> None:
        self.chance, self.seed = random.Random(seed), seed
        self.city, self.communities, self.entries = city, communities, entries
        self.by = communities[0].secretary
        self.units = _kept(
            Unit, (Unit(name=f"单位 {n}", kind="agency", district=city.district) for n in range(units))
        )
        self.volunteers = self._people(people)
        self.whistles = self._whistles(max(1, entries * 100 // 86 // 10))
        self._claims()

    def _people(self, count: int) -> list[Volunteer]:
        known = [f"invented{self.seed}-{n}" for n in range(count)]
        users = _kept(
            User, (User(phone="", phone_index=index, name=f"人{n}") for n, index in enumerate(known))
        )
        members = _kept(
            Member,
            (
                Member(
                    user=user,
                    name=f"党员{n}",
                    phone_index=known[n],
                    unit=self.units[n % len(self.units)] if n % 5 else None,
                    district=self.city.district,
                )
                for n, user in enumerate(users)
            ),
        )
        kinds = list(VolunteerKind)
        return _kept(
            Volunteer,
            (
                Volunteer(user=user, member=member, kind=kinds[n % 3], district=self.city.district)
                for n, (user, member) in enumerate(zip(users, members, strict=True))
            ),
        )

    def _whistles(self, count: int) -> list[Whistle]:
        return _kept(Whistle, (self._whistle(n) for n in range(count)))

    def _whistle(self, number: int) -> Whistle:
        at = self.communities[number % len(self.communities)].organization
        day = FIRST + timedelta(days=self.chance.randrange((LAST - FIRST).days + 1))
        starts = clock.midnight(day) + timedelta(hours=self.chance.choice((0, 9, 14, 19, 23)))
        kind = self.chance.choice(list(WhistleKind))
        return Whistle(
            number=f"SX{self.seed}-{number:08d}",
            kind=kind,
            duty_area=self.chance.choice(DutyArea.values),
            task=self.chance.choice(Task.values),
            title=f"活动 {number}",
            text="说明",
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            claim_by=starts,
            place=f"花城小区 {number % 30} 栋",
            lng=113.58,
            lat=24.8,
            places_max=1 if kind == WhistleKind.WISH else 20,
            state=self.chance.choice([*[WhistleState.DONE] * 8, WhistleState.CANCELLED, WhistleState.DRAFT]),
            created_by=self.by,
            district=self.city.district,
            street=self.city.street,
            community=at,
            key=uuid.uuid5(uuid.NAMESPACE_OID, f"{self.seed}-{number}"),
        )

    def _claims(self) -> None:
        live = [whistle for whistle in self.whistles if whistle.state == WhistleState.DONE]
        left, round_ = self.entries, itertools.count()
        while left > 0:
            some = [self._claim(next(round_), live) for _ in range(min(BATCH, max(left * 100 // 86, 1)))]
            claims = Claim.objects.bulk_create(some, ignore_conflicts=False)
            credited = [each for each in claims if each.state == ClaimState.CREDITED][:left]
            _write(LedgerEntry, (entry for claim in credited for entry in self._entries(claim)))
            left -= len(credited)
        _write(Thanks, (self._thanks(whistle, n) for n, whistle in enumerate(live) if n % 3 == 0))

    def _claim(self, number: int, live: list[Whistle]) -> Claim:
        whistle = live[number % len(live)]
        # Everybody comes round, and nobody twice to one whistle.
        place = (number // len(live) + (number % len(live)) * 7) % len(self.volunteers)
        states, weights = zip(*FATES, strict=True)
        return Claim(
            whistle=whistle,
            volunteer=self.volunteers[place],
            state=self.chance.choices(states, weights)[0],
            claimed_at=whistle.starts_at - timedelta(days=1),
        )

    def _entries(self, claim: Claim) -> Iterator[LedgerEntry]:
        minutes, luck = self.chance.randint(20, 120), self.chance.random()
        off = self.chance.choice((0, minutes, minutes // 2))
        yield self._entry(claim, EntryKind.CREDIT, minutes, off)
        if luck < 0.03:
            yield self._entry(claim, EntryKind.CORRECTION, 5 - minutes, min(5, off) - off)
        if luck < 0.01:
            yield self._entry(claim, EntryKind.REVERSAL, -5, -min(5, off))

    def _entry(self, claim: Claim, kind: str, minutes: int, off: int) -> LedgerEntry:
        whistle, member = claim.whistle, claim.volunteer.member
        # A wish is served when it is fulfilled, which may be weeks after it was made.
        late = timedelta(days=20) if whistle.kind == WhistleKind.WISH else timedelta()
        return LedgerEntry(
            volunteer=claim.volunteer,
            claim=claim,
            whistle=whistle,
            unit_id=member.unit_id if member else None,
            kind=kind,
            minutes=minutes,
            off_hours_minutes=off,
            duty_area=whistle.duty_area,
            attested=Attested.LOCATION,
            reason="" if kind == EntryKind.CREDIT else "核对后更正",
            served_at=whistle.starts_at + late,
            by=self.by,
            at=whistle.ends_at + late,
            district_id=whistle.district_id,
            street_id=whistle.street_id,
            community_id=whistle.community_id,
        )

    def _thanks(self, whistle: Whistle, number: int) -> Thanks:
        stars = self.chance.choice((None, 3, 4, 5))
        by = self.volunteers[number % len(self.volunteers)].user
        return Thanks(whistle=whistle, by=by, is_like=bool(number % 2), stars=stars)


def _kept(model: Any, rows: Iterable[Any]) -> list[Any]:
    return model.objects.bulk_create(list(rows), batch_size=BATCH)


def _write(model: Any, rows: Iterable[Any]) -> None:
    model.objects.bulk_create(list(rows), batch_size=BATCH)


# Jobs and their workbooks


def asked(by: Any, place: Any, first: date = FIRST, last: date = LAST, **more: Any) -> SummaryJob:
    more.setdefault("reason", "年度考核核对" if more.get("with_names") else "")
    more = {"key": uuid.uuid4(), "is_handed_over": False, **more}
    return asking.ask(by=by, place=place, first_day=first, last_day=last, **more)


def written(by: Any, place: Any, first: date = FIRST, last: date = LAST, **more: Any) -> SummaryJob:
    """Asked, and written as a worker would."""
    job = asked(by, place, first, last, **more)
    running.write(job.pk)
    job.refresh_from_db()
    assert job.state == SummaryJob.State.DONE, job.sentence
    return job


class Workbook:
    """The sheets of a finished job: name → rows as {title: cell}, without the line of sums, which is `sums`."""

    def __init__(self, job: SummaryJob, only: tuple[str, ...] = ()) -> None:
        self.content = b"".join(fetching.fetch(job, by=job.by))
        book = CalamineWorkbook.from_filelike(io.BytesIO(self.content))
        self.names = book.sheet_names
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.sums: dict[str, dict[str, Any]] = {}
        for name in only or self.names:
            heading, *lines = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            rows = [dict(zip(heading, line, strict=False)) for line in lines]
            if name not in ("概况", "说明") and rows and lines[-1][0] == "合计":
                self.sums[name] = rows.pop()
            self.rows[name] = rows

    def sum(self, sheet: str, column: str) -> int:
        return round(sum(row[column] or 0 for row in self.rows[sheet]))

    def group(self, label: str) -> dict[str, dict[str, Any]]:
        """The lines of one breakdown of the overview, by what they say."""
        return {row["项目"]: row for row in self.rows["概况"] if row["分类"] == label}

    @property
    def whole(self) -> dict[str, Any]:
        return self.group("合计")["全部"]

    def text(self) -> str:
        return "\n".join(str(row) for rows in self.rows.values() for row in rows)


def moment(day: date, hour: int = 0) -> datetime:
    return clock.midnight(day) + timedelta(hours=hour)
