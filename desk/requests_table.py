"""点单表: the requests of a list, or those behind a figure, as CSV: one a line, nothing about a person.

Titles and words are what somebody wrote, names and addresses may stand in them: they stay on the page. The marks are
the conditions of the figures, so that a column adds up to what 办理统计 says.

The database makes the text of moments and marks, names come from small maps, rows in pages by the key: in memory is
one page, however many rows there are, and no transaction is held while somebody fetches them slowly. Only names can
hold what a CSV has to quote: they are quoted once, and lines are joined as they are (measured: a third of the time).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.db.models import Case, CharField, F, Func, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf

from grids.models import Grid
from ground import clock
from ground.sheets import csv_safe
from organizations.models import Organization
from requests.figures import conditions
from requests.models import Category, ServiceRequest
from requests.states import OPEN, Outcome, State, Track

PAGE = 5_000
YES, NO = "是", "否"
#: Values of a page → what the file says.
Said = Callable[[Sequence[Any]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """`value`: what the database gives; `said`: what it is called (None: as it is)."""

    heading: str
    value: Any
    said: Said | None = None


class Names:
    """Key → name, of the rows that were met until now."""

    def __init__(self, model: Any, *fields: str) -> None:
        self.model = model
        self.known: dict[int | None, str] = {None: ""}
        self.name = Coalesce(*(NullIf(field, Value("")) for field in fields), Value(""))

    def __call__(self, keys: Sequence[int | None]) -> list[str]:
        """A query for those that are new."""
        if new := set(keys) - self.known.keys():
            rows = self.model.objects.filter(pk__in=new).order_by()
            self.known |= {pk: quoted(name) for pk, name in rows.values_list("pk", self.name)}
        return [self.known.get(key, "") for key in keys]


def quoted(text: str) -> str:
    """The text as a cell: no formula, in quotes where it holds a comma, a quote or a line."""
    out = StringIO()
    csv.writer(out, lineterminator="").writerow([csv_safe(text)])
    return out.getvalue()


def _labelled(choices: Any) -> Said:
    labels = dict(choices.choices)
    return lambda values: [labels.get(value, value) for value in values]


def _flags(values: Sequence[Any]) -> list[str]:
    """Of what may be unknown: yes, no, nothing."""
    return ["" if value is None else YES if value else NO for value in values]


class Moment(Func):
    """2026-11-30 17:04:05 with parts of a second behind, where the city is; NULL for none.

    The offset of now: by the name of the zone it takes PostgreSQL three times as long, and the clocks of the country
    have not been changed since 1991.
    """

    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return self._shown(compiler, "({} AT TIME ZONE make_interval(mins => {}))::varchar")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        return self._shown(compiler, "datetime({}, '{:+} minutes')")

    def _shown(self, compiler: Any, how: str) -> tuple[str, Any]:
        offset = clock.midnight(clock.today()).utcoffset() or timedelta()
        made, given = compiler.compile(self.source_expressions[0])
        return how.format(made, offset // timedelta(minutes=1)), given


def _seconds(values: Sequence[str | None]) -> list[str]:
    """Without the parts of a second."""
    return [value[:19] if value else "" for value in values]


def _numbers(values: Sequence[str]) -> list[str]:
    """Letters, day and count; the letters are what somebody has typed for a district."""
    return [value if value.replace("-", "").isalnum() else quoted(value) for value in values]


def _texts(values: Sequence[int | None]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


def _mark(yes: Q, no: Q) -> Case:
    return Case(When(yes, then=Value(YES)), When(no, then=Value(NO)), default=Value(""))


def columns_of(at: datetime) -> list[Column]:
    """What a line holds, as of the moment `at`. Marks are empty where the rate does not count the request."""
    nodes, counted = Names(Organization, "short_name", "name"), conditions(at)
    places = [("区县", "district_id"), ("街道（镇）", "street_id"), ("社区（村）", "community_id")]
    late = Q(due__lt=at)
    return [
        Column("编号", F("number"), _numbers),
        *(Column(heading, F(name), nodes) for heading, name in places),
        Column("网格", F("grid_id"), Names(Grid, "name")),
        Column("类别", F("category_id"), Names(Category, "name")),
        Column("分级", F("track"), _labelled(Track)),
        Column("来源", F("source"), _labelled(ServiceRequest.Source)),
        Column("分件", _mark(Q(whole__isnull=False), Q(whole=None))),
        Column("状态", F("state"), _labelled(State)),
        Column("承办", F("handler_id"), nodes),
        *(Column(heading, Moment(name), _seconds) for heading, name in MOMENTS),
        Column("现在超时", _mark(late, Q(state__in=OPEN))),
        *(Column(heading, _mark(counted[yes], counted[no])) for heading, yes, no in MARKS),
        Column("结果", F("outcome"), _labelled(Outcome)),
        Column("评价：联系过", F("rating__contacted"), _flags),
        Column("评价：解决了", F("rating__solved"), _flags),
        Column("评价：满意度", F("rating__satisfied"), _texts),
        Column("督办", _mark(Q(supervised_at__isnull=False), Q(supervised_at=None))),
        Column("催办次数", F("urges"), _texts),
        Column("重办次数", F("reopened"), _texts),
    ]


MOMENTS = (
    ("提交", "submitted_at"),
    ("受理", "accepted_at"),
    ("首次联系", "contacted_at"),
    ("办结", "resolved_at"),
    ("结束", "ended_at"),
    ("受理期限", "accept_due"),
    ("联系期限", "contact_due"),
    ("办结期限", "resolve_due"),
    ("当前期限", "due"),
)
#: Heading → the figures that it adds up to: those of yes, those of no.
MARKS = (
    ("按时受理", "answered_in_time", "answered_late"),
    ("按时联系", "contact_in_time", "contact_late"),
    ("按时办结", "done_in_time", "done_late"),
)


def csv_pages(
    rows: QuerySet[ServiceRequest], districts: Iterable[int], at: datetime, size: int = PAGE
) -> Iterator[bytes]:
    """The file in pieces: mark of UTF-8 and headings, then up to `size` lines each, newest first within a district.

    `districts`: those with rows. One by one, because their index gives the order; there is none for a whole city.
    """
    columns = columns_of(at)
    yield f"\ufeff{_text([[column.heading for column in columns]])}".encode()
    made = {f"_{place}": column.value for place, column in enumerate(columns)}
    read = rows.annotate(**made).values_list("submitted_at", "pk", *made)
    for district in districts:
        for page in _pages(read.filter(district=district), size):
            yield _text(_lines(page, columns)).encode()


def _pages(rows: Any, size: int) -> Iterator[list[Any]]:
    rows, after = rows.order_by("-submitted_at", "-pk"), Q()
    while page := list(rows.filter(after)[:size]):
        yield page
        if len(page) < size:
            return
        moment, pk = page[-1][:2]
        # The first condition is implied by the second: it is there for the index.
        after = Q(submitted_at__lte=moment) & (Q(submitted_at__lt=moment) | Q(pk__lt=pk))


def _lines(page: list[Any], columns: list[Column]) -> Iterable[Sequence[str]]:
    """Column by column, which is several times as quick as cell by cell."""
    values = list(zip(*page, strict=True))[2:]
    said = (
        column.said(given) if column.said else given for column, given in zip(columns, values, strict=True)
    )
    return zip(*said, strict=True)


def _text(lines: Iterable[Sequence[str]]) -> str:
    return "".join(f"{','.join(line)}\r\n" for line in lines)
