"""Everything that a page counts, read from the rollups in two queries: what happened, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from dashboards import reading
from dashboards.measures import Counts
from dashboards.page.numbers import Numbers
from dashboards.page.surroundings import Line, Surroundings
from dashboards.periods import ANY, Window, before, span, window
from ground import clock
from ground.periods import first_day_after

#: So many periods are drawn beside a figure, the shown one among them; of a year its months.
SPARKS = {"today": 14, "week": 8, "month": 12, "quarter": 8}
#: Of any days so many parts are drawn.
PARTS = 10
#: Up to so many days a trend goes by days, up to so many by weeks.
BY_DAY, BY_WEEK = 35, 200
COMING = 7


@dataclass(frozen=True, slots=True)
class Gathered:
    """`sparks` and `trend`: the windows of the drawings with what happened here in each; `lines`: numbers of the
    children in their order; `splits`: they share it out; `rest`: what belongs to none of them; `peers`: of the
    other places of the tier."""

    window: Window
    past_window: Window
    here: Numbers
    past: Numbers
    sparks: list[Numbers]
    trend: list[tuple[str, Numbers]]
    trend_word: str
    coming: Numbers
    lines: list[tuple[Line, Numbers]]
    rest: Numbers | None
    splits: bool
    peers: list[Numbers]


def gather(around: Surroundings, shown: Window) -> Gathered:
    past, word, steps = before(shown), *_steps(shown)
    sparks, coming = _sparks(shown), span(clock.today(), clock.today() + timedelta(days=COMING - 1))
    drawn = [shown, past, coming, *sparks, *(each for _, each in steps)]
    own, lines = [around.place], [line.place for line in around.lines]
    *mine, others = reading.gather([*((own, each) for each in drawn), ([*lines, *around.peers], shown)])
    stands = reading.stand_at([around.place, *lines, *around.peers], around.as_of)

    def numbers(place: str, window: Window, happened: dict[str, Counts]) -> Numbers:
        return Numbers(place, window, happened[place], stands[place], around.as_of)

    of_own = [numbers(around.place, each, found) for each, found in zip(drawn, mine, strict=True)]
    here, then, ahead = of_own[:3]
    below = [(line, numbers(line.place, shown, others)) for line in around.lines]
    return Gathered(
        shown,
        past,
        here,
        then,
        sparks=of_own[3 : 3 + len(sparks)],
        trend=[(label, each) for (label, _), each in zip(steps, of_own[3 + len(sparks) :], strict=True)],
        trend_word=word,
        coming=ahead,
        lines=below,
        splits=around.splits,
        rest=_rest(around, here, [each for _, each in below]),
        peers=[numbers(place, shown, others) for place in around.peers],
    )


def _rest(around: Surroundings, here: Numbers, lines: list[Numbers]) -> Numbers | None:
    """What is on none of the lines: of closed children, and of the node itself.

    Less than nothing is left while a line has come from elsewhere and the next round has not counted it here yet:
    then nobody can say what the rest is.
    """
    if not around.splits or not lines:
        return None
    rest = here.minus(lines)
    return None if rest.is_empty or rest.is_short else rest


# The windows of the drawings


def _sparks(shown: Window) -> list[Window]:
    """The shown period with those of its kind before it, the oldest first; any days: their parts; of a year its
    months so far: few places have years to compare."""
    if shown.key == ANY:
        return _parts(shown)
    if shown.key == "year":
        return [each for _, each in _steps(shown)[1]]
    found = [window(shown.key, shown.first)]
    while len(found) < SPARKS[shown.key]:
        found.append(window(shown.key, found[-1].first - timedelta(days=1)))
    return found[::-1]


def _parts(shown: Window) -> list[Window]:
    size = -(-shown.days // PARTS)
    starts = [shown.first + timedelta(days=n) for n in range(0, shown.days, size)]
    return [_cut(start, start + timedelta(days=size), shown) for start in starts]


def _steps(shown: Window) -> tuple[str, list[tuple[str, Window]]]:
    """每天, 每周 or 每月, and the labelled parts of the window up to today; of a day the two weeks up to it."""
    last = min(shown.last, clock.today())
    if shown.key == "today":
        shown = span(last - timedelta(days=SPARKS["today"] - 1), last)
    days = (last - shown.first).days + 1
    if shown.key == "year" or days > BY_WEEK:
        return "每月", _walk(shown, last, lambda day: first_day_after("month", day), _month)
    if shown.key == "quarter" or days > BY_DAY:
        return "每周", _walk(shown, last, lambda day: first_day_after("week", day), _week)
    return "每天", _walk(shown, last, lambda day: day + timedelta(days=1), _day)


def _walk(
    shown: Window, last: date, after: Callable[[date], date], label: Callable[[date], str]
) -> list[tuple[str, Window]]:
    found, day = [], shown.first
    while day <= last:
        found.append((label(day), _cut(day, after(day), shown)))
        day = after(day)
    return found


def _cut(first: date, after: date, shown: Window) -> Window:
    last = min(after, shown.after) - timedelta(days=1)
    return span(first, last)


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _week(day: date) -> str:
    return f"{day.month}月{day.day}日起"


def _month(day: date) -> str:
    return f"{day.year}年{day.month}月"
