"""Working days: every due and every hour outside work goes by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ground import clock
from operations.doctor.findings import Finding, error, warning
from operations.doctor.registry import Ask, check
from organizations.models import WorkdayOverride
from organizations.workdays import calendar_is_known

ENTER = "升级 chinesecalendar，或在“设置 › 工作日”里录入国务院公布的全部节假日和调休。"
#: A year has at least so many days off beside weekends, and days of work for them: fewer are half a list.
LEAST_DAYS = 10


@check("calendar", "工作日历", cost="1 次查询")
def working_days(ask: Ask) -> Iterator[Finding]:
    """The holidays of this year, and from November on of the next, are known, from the library or entered whole by
    the city. In a year of which nothing is known, dues fall on holidays and off-hours are reckoned wrongly."""
    today = clock.day_of(ask.at)
    days = WorkdayOverride.objects.values_list("day", flat=True)
    entered = Counter(day.year for day in days)
    yield from _of(today.year, entered, is_now=True)
    if today.month >= 11:
        yield from _of(today.year + 1, entered, is_now=False)


def _of(year: int, entered: Counter[int], *, is_now: bool) -> Iterator[Finding]:
    if calendar_is_known(year) or entered[year] >= LEAST_DAYS:
        return
    if entered[year]:
        what = f"{year} 年的节假日只录了 {entered[year]} 天，其余按周末算"
        yield warning(what, ENTER)
    elif is_now:
        yield error(f"{year} 年的节假日没有，期限和八小时外都按周末算", ENTER)
    else:
        yield warning(f"{year} 年的节假日还没有，跨年的期限按周末算", ENTER)
