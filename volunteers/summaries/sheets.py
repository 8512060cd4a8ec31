"""The workbook of a summary: 概况, 活动, 人员 (or 单位 and 社区), 台账, 说明.

The ledger passes first, because everything else is added up from it; its sheet stands last but one all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.utils import timezone

from ground.heartbeat import Voice
from ground.periods import first_day_after
from ground.personal import without_numbers
from ground.sheets import BookWriter, Cell, Column
from ground.sheets.writing import Table
from organizations.models import Organization, Policy, Unit
from organizations.posts import Tier
from requests.states import DutyArea
from volunteers.models import SummaryJob
from volunteers.states import Attested, EntryKind, Task, VolunteerKind, WhistleKind, WhistleState
from volunteers.summaries import reading, tallying
from volunteers.summaries.reading import Entry, Line, Person
from volunteers.summaries.tallying import WHOLE, Group, Served, Tallies, Tally

#: A sheet of Excel ends at 1,048,576 rows; a longer ledger goes on on the next one.
MOST_ROWS = 1_000_000
_NUMBER, _HOURS, _RATING = "#,##0", '#,##0.0" 小时"', "0.00"
_MOMENT = 'yyyy"年"m"月"d"日" hh:mm'
_ENTRIES, _WHISTLES, _PEOPLE, _BINDING = "台账", "活动", "人员", "装订文件"
NO_UNIT = "没有单位（居民、志愿者）"


def _figure(title: str, width: int = 10, shape: str = _NUMBER) -> Column:
    return Column(title, width, number_format=shape)


#: What any sum of services says.
_SERVICE = (
    *(_figure("服务人次"), _figure("服务分钟"), _figure("服务时长", 14, _HOURS)),
    *(_figure("八小时外分钟", 13), _figure("八小时外时长", 14, _HOURS)),
)
_JUDGED = (_figure("平均评分", shape=_RATING),)
_LIKED = (_figure("点赞"),)
OVERVIEW = (
    *(Column("分类", 10), Column("项目", 14), _figure("发布场数"), _figure("举办场数")),
    *(_figure("接单"), _figure("到场"), _figure("缺席"), _figure("不予认定")),
    *(_figure("服务人数"), *_SERVICE, _figure("完成微心愿", 11), *_JUDGED),
)
WHISTLES = (
    *(Column("编号", 20, as_text=True), Column("标题", 28), Column("种类", 8), Column("职责领域", 10)),
    *(Column("任务", 6), Column("状态", 8), _figure("开始", 22, _MOMENT), _figure("结束", 22, _MOMENT)),
    *(Column("地点", 26), Column("社区", 14), _figure("招募人数"), _figure("接单"), _figure("到场")),
    *(_figure("缺席"), _figure("不予认定"), _figure("服务分钟"), _figure("八小时外分钟", 13), *_JUDGED),
)
PEOPLE = (
    *(Column("姓名", 12), Column("类别", 10), Column("单位", 26)),
    *(*_SERVICE, _figure("八小时外人次", 13)),
)
PLACES = (*(_figure("服务人数"), *_SERVICE, _figure("八小时外人次", 13)),)
ENTRIES = (
    *(_figure("服务时间", 22, _MOMENT), Column("姓名", 12), Column("单位", 26)),
    *(Column("哨单编号", 20, as_text=True), Column("标题", 28), Column("种类", 8), Column("职责领域", 10)),
    *(Column("社区", 14), Column("记账", 6), _figure("分钟"), _figure("其中八小时外", 13)),
    *(Column("依据", 16), Column("理由", 26), Column("认定人", 12), _figure("认定时间", 22, _MOMENT)),
)


def write(job: SummaryJob, path: Path, voice: Voice, *, drafts: Path) -> None:
    """Write the workbook of a job to `path`, telling `voice` of every page. `drafts`: where rows wait meanwhile."""
    with BookWriter(path, drafts=drafts) as book:
        _Workbook(job, book, voice).write()
        voice.go_on(_BINDING)


class _Workbook:
    def __init__(self, job: SummaryJob, book: BookWriter, voice: Voice) -> None:
        self.job, self.book, self.voice = job, book, voice
        self.newest = reading.newest_entry()
        self.tallies = Tallies(reading.corrected_claims(job, self.newest), job.first_day)
        self.likes_shown = Policy.of(reading.district_of(job)).likes_shown
        self.done = 0

    def write(self) -> None:
        """Sheets begin in the order in which they are read, and grow in the order in which they are known."""
        self._announce()
        overview = self.book.begin("概况", self._liked(OVERVIEW))
        whistles = self.book.begin(_WHISTLES, self._liked(WHISTLES))
        people = self.book.begin(_PEOPLE, PEOPLE) if self.job.with_names else None
        places = [] if people else self._places()
        self._pass_the_ledger()
        self._write_whistles(whistles)
        if people:
            self._write_people(people)
        for name, table, called in places:
            self._write_places(getattr(self.tallies, name), table, called)
        self._write_overview(overview)
        self.book.explanation("说明", self._explained())

    # Telling

    def _announce(self) -> None:
        """How many rows there will be, as far as anybody can know."""
        entries = reading.entries_of(self.job, self.newest)
        people = entries.order_by().values("volunteer").distinct().count() if self.job.with_names else 0
        total = entries.count() + reading.whistles_of(self.job).count() + people
        self.voice.phase("读取台账", total)

    def _tell(self, rows: int) -> None:
        self.done += rows
        self.voice.at(self.done)

    # Sheets

    def _pass_the_ledger(self) -> None:
        ledger = _Ledger(self.book) if self.job.with_names else None
        for page in reading.entry_pages(self.job, self.newest):
            for entry in page:
                self.tallies.enter(entry)
                if ledger:
                    ledger.add(entry)
            self._tell(len(page))
        self.tallies.settle()
        if ledger:
            ledger.finish(self.tallies.groups[WHOLE])

    def _write_whistles(self, table: Table) -> None:
        self.voice.go_on("写活动")
        besides = set(self.tallies.whistles)
        for page in reading.whistle_pages(self.job):
            besides.difference_update(line.pk for line in page)
            self._add_whistles(table, page)
        for page in reading.whistles_besides(self.job, besides):
            self._add_whistles(table, page)
        whole = self.tallies.groups[WHOLE]
        sums = [whole.claimed, whole.came, whole.absent, whole.refused, whole.minutes, whole.off_hours]
        table.finish(["合计", *[""] * 10, *sums, whole.rating, *self._likes(whole)])

    def _add_whistles(self, table: Table, page: list[Line]) -> None:
        for line in page:
            self.tallies.whistle(line)
            table.add([*_whistle(line, self.tallies.minutes_of(line.pk)), *self._likes(line)])
        self._tell(len(page))

    def _write_people(self, table: Table) -> None:
        """The most hours first; whoever had everything reversed served nothing."""
        self.voice.go_on("写人员")
        served = {pk: each for pk, each in self.tallies.people.items() if each.times or each.minutes}
        ids = sorted(served, key=lambda pk: (-served[pk].minutes, -served[pk].times, pk))
        for page in reading.people_pages(ids):
            for person in page:
                table.add(_person(person, served[person.pk]))
            self._tell(len(page))
        table.finish(["合计", "", "", *_service(self.tallies.groups[WHOLE])])

    def _places(self) -> list[tuple[str, Table, str]]:
        """What stands for people where no names are shown: units and communities, where there are several."""
        organization, tables = self.job.organization, []
        if organization is not None:
            tables.append(("units", self.book.begin("单位", (Column("单位", 30), *PLACES)), "unit"))
        if organization is None or organization.tier != Tier.COMMUNITY:
            columns = (Column("社区", 20), _figure("发布场数"), _figure("举办场数"), *PLACES)
            tables.append(("communities", self.book.begin("社区", columns), "community"))
        return tables

    def _write_places(self, tallies: dict[int | None, Tally], table: Table, kind: str) -> None:
        """The most hours first. Somebody who served at two places is counted at both, in the sum once."""
        is_unit = kind == "unit"
        model, column = (Unit, "name") if is_unit else (Organization, "short_name")
        names = reading.names_of(model, tallies, column)
        for pk, tally in sorted(tallies.items(), key=lambda each: (-each[1].minutes, each[0] or 0)):
            held = [] if is_unit else [tally.published, tally.held]
            table.add([names.get(pk or 0, NO_UNIT if is_unit else ""), *held, tally.people, *_service(tally)])
        whole = self.tallies.groups[WHOLE]
        held = [] if is_unit else [whole.published, whole.held]
        table.finish(["合计", *held, whole.people, *_service(whole)])

    def _write_overview(self, table: Table) -> None:
        self.voice.go_on("写概况")
        for label, item, group in _groups(self.job.first_day, self.job.last_day):
            table.add([label, item, *self._summed(self.tallies.groups[group])])
        table.finish()

    def _summed(self, tally: Tally) -> list[Cell]:
        held = [tally.published, tally.held, tally.claimed, tally.came, tally.absent, tally.refused]
        served = [tally.people, *_service(tally)[:-1]]
        return [*held, *served, tally.wishes, tally.rating, *self._likes(tally)]

    def _liked(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """Likes stand nowhere where the policy shows none (RULES 6)."""
        return (*columns, *_LIKED) if self.likes_shown else columns

    def _likes(self, counted: Tally | Line) -> list[Cell]:
        return [counted.likes] if self.likes_shown else []

    def _explained(self) -> list[str]:
        job = self.job
        names = "含姓名，请按个人信息保管" if job.with_names else "只有数字，不含姓名"
        return [
            f"{job.title}活动汇总",
            f"{job.by.name or '工作人员'} {timezone.localdate(job.made_at):%Y-%m-%d} 申请，{names}。",
            "服务分钟以社区认定、记入台账的为准，更正和冲销算在原来那次服务的日子里。",
            "服务人次：认定了时长的接单，冲销到零的不算。",
            "服务人数：同一个人在一栏里只算一次，所以各栏相加会多于合计。",
            "活动按开始的日子算。微心愿按办成的日子记时长，早先发布、这段时间办成的也列在“活动”里。",
            "接单不含候补和退单；到场是签到、签退和已认定的。",
            "平均评分：点单人对办理的满意度，和现场受益人打的星，一人一次。",
        ]


class _Ledger:
    """台账, and 台账 2 where one sheet of Excel is too short."""

    def __init__(self, book: BookWriter) -> None:
        self.book, self.sheets = book, 1
        self.table = book.begin(_ENTRIES, ENTRIES)

    def add(self, entry: Entry) -> None:
        if self.table.count == MOST_ROWS:
            self.table.finish()
            self.sheets += 1
            self.table = self.book.begin(f"{_ENTRIES} {self.sheets}", ENTRIES)
        self.table.add(_entry(entry))

    def finish(self, whole: Tally) -> None:
        self.table.finish(["合计", *[""] * 8, whole.minutes, whole.off_hours])


# Rows


def _service(served: Tally | Served) -> list[Cell]:
    hours = [served.times, served.minutes, served.minutes / 60, served.off_hours, served.off_hours / 60]
    return [*hours, served.off_times]


def _whistle(line: Line, minutes: tuple[int, int]) -> list[Cell]:
    return [
        *(line.number, _plain(line.title), WhistleKind(line.kind).label, DutyArea(line.duty_area).label),
        *(Task(line.task).label, WhistleState(line.state).label, line.starts_at, line.ends_at),
        *(_plain(line.place), line.community_name or "", line.places, line.claimed, line.came),
        *(line.absent, line.refused, *minutes),
        line.stars / line.rated if line.rated else None,
    ]


def _person(person: Person, served: Served) -> list[Cell]:
    return [person.name, VolunteerKind(person.kind).label, person.unit_name or "", *_service(served)]


def _entry(entry: Entry) -> list[Cell]:
    return [
        *(entry.served_at, entry.name, entry.unit_name or "", entry.number, _plain(entry.title)),
        *(WhistleKind(entry.whistle_kind).label, DutyArea(entry.duty_area).label),
        *(entry.community_name or "", EntryKind(entry.kind).label, entry.minutes, entry.off_hours),
        *(Attested(entry.attested).label, _plain(entry.reason), entry.credited_by, entry.at),
    ]


def _plain(text: str) -> str:
    """People write numbers of people where they belong least."""
    return without_numbers(text, "（号码）")


# Groups


def _groups(first_day: date, last_day: date) -> Iterator[tuple[str, str, Group]]:
    """The lines of the overview: what they say, and what they sum."""
    yield "合计", "全部", WHOLE
    yield from _lines("种类", tallying.KIND, WhistleKind.choices)
    yield from _lines("职责领域", tallying.DUTY_AREA, DutyArea.choices)
    yield from _lines("任务", tallying.TASK, Task.choices)
    month = first_day.replace(day=1)
    while month <= last_day:
        yield "月份", f"{month.year}年{month.month}月", (tallying.MONTH, f"{month:%Y-%m}")
        month = first_day_after("month", month)


def _lines(label: str, axis: str, choices: Iterable[Any]) -> Iterator[tuple[str, str, Group]]:
    return ((label, str(words), (axis, str(value))) for value, words in choices)
