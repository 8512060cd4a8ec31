"""Charts of what requests were about and how they went: course, categories, tracks, sources, outcomes, times."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboards.charts import Chart, Kind, Series, Spot, Tone
from dashboards.measures import TIMES
from dashboards.page.gathering import Gathered
from dashboards.page.headline import Names
from dashboards.page.links import Links
from dashboards.page.numbers import HOUR, Number
from requests.models import ServiceRequest
from requests.states import Outcome, Track

#: So many categories have a bar; the table of the figures behind has all that there are.
MOST_CATEGORIES = 12
#: What is said of handling times.
QUANTILES: tuple[tuple[str, str, Tone], ...] = (("中位", "median", "hand"), ("九成不超过", "p90", "soon"))


def charts_of(found: Gathered, links: Links, categories: Names) -> list[Chart]:
    made = [
        _course(found),
        _categories(found, links, categories),
        _times(found),
        _broken(found, links, "track", "轻重缓急", dict(Track.choices), lambda key: {"track": key}),
        _broken(
            found,
            links,
            "source",
            "从哪里来",
            dict(ServiceRequest.Source.choices),
            lambda key: {"source": key},
        ),
        _broken(found, links, "outcome", "怎样办结", dict(Outcome.choices), None),
    ]
    return [chart for chart in made if chart is not None]


def spans(n: int) -> list[str]:
    """How wide each of so many charts is, so that every row is full: the course beside the first of the others,
    the rest in pairs, an odd three of them in one row."""
    if n < 2:
        return [""] * n
    first, rest = ["c7", "c5"], n - 2
    if rest == 1:
        return [*first, ""]
    return first + (["c6"] * rest if rest % 2 == 0 else ["c4"] * 3 + ["c6"] * (rest - 3))


def _course(found: Gathered) -> Chart:
    """What people asked for, and what of it has been resolved by now."""
    rows = [numbers for _, numbers in found.trend]
    is_longer = bool(rows) and rows[0].window.first < found.window.first
    return Chart(
        key="trend",
        title=f"{found.trend_word}点单",
        kind="bar",
        labels=[label for label, _ in found.trend],
        series=[
            Series("点单", [each.happened["own"] for each in rows], "accent", "件", "own"),
            Series("其中已办结", [each.happened["resolved"] for each in rows], "done", "件", "resolved"),
        ],
        spots=[Spot(each.place, each.window.first, each.window.last) for each in rows],
        note=f"{'近两周' if is_longer else found.window.label}，居民本人提出的",
        label_word="日期",
    )


def _categories(found: Gathered, links: Links, names: Names) -> Chart | None:
    parts = dict(list(found.here.happened.by("category").items())[:MOST_CATEGORIES])
    return _chart(found, links, "category", "什么事多", "rows", parts, names, lambda key: {"category": key})


def _broken(
    found: Gathered,
    links: Links,
    key: str,
    title: str,
    names: Mapping[str, str],
    narrowing: Callable[[str], dict[str, str]] | None,
) -> Chart | None:
    return _chart(found, links, key, title, "share", found.here.happened.by(key), names, narrowing)


def _chart(
    found: Gathered,
    links: Links,
    key: str,
    title: str,
    kind: Kind,
    parts: Mapping[str, int],
    names: Mapping[str, str],
    narrowing: Callable[[str], dict[str, str]] | None,
) -> Chart | None:
    """Parts of what was submitted, each opening to its rows; None where there are none."""
    if not parts:
        return None
    window = found.window
    return Chart(
        key=key,
        title=title,
        kind=kind,
        labels=[names.get(each, "已停用的类别" if key == "category" else each) for each in parts],
        series=[Series("点单", list(parts.values()), "accent" if kind == "rows" else "", "件", f"{key}.*")],
        urls=[links.rows("submitted", None, **narrowing(each)) for each in parts] if narrowing else (),
        spots=[Spot(found.here.place, window.first, window.last, each) for each in parts],
        note=window.label,
    )


def _hours(number: Number) -> float:
    return (number.value or 0) / HOUR


def _times(found: Gathered) -> Chart | None:
    """Medians and what nine of ten stay below, in hours of the wall clock."""
    here, window = found.here, found.window
    known = [name for name in TIMES if here.time(name).value is not None]
    if not known:
        return None
    series = [
        Series(label, [_hours(here.time(name, quantile)) for name in known], tone, "小时", f"*.{quantile}", 1)
        for label, quantile, tone in QUANTILES
    ]
    return Chart(
        key="times",
        title="办得多快",
        kind="rows",
        labels=[TIMES[name] for name in known],
        series=series,
        spots=[Spot(here.place, window.first, window.last, name) for name in known],
        note="受理、首次联系从点单算起，派出、办结从受理算起",
        label_word="环节",
    )
