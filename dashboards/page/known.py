"""The figures that a page knows: columns of the table, bars, comparison with peers; by their names in the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboards.page.numbers import DAY, HOUR, Number, Numbers

Reader = Callable[[Numbers], Number]


@dataclass(frozen=True, slots=True)
class Known:
    """`which`: the condition of `requests.figures` whose rows it counts, or the slug of another list (`links`).

    `is_good`: more of it is better; None: neither. `scale`: what the value is divided by for charts, in `unit`.
    """

    key: str
    label: str
    unit: str
    read: Reader
    which: str = ""
    is_good: bool | None = False
    is_standing: bool = False
    scale: float = 1
    in_table: bool = True
    short: str = ""

    @property
    def heading(self) -> str:
        return self.short or self.label

    @property
    def is_rate(self) -> bool:
        return self.unit == "%"

    def drawn(self, numbers: Numbers) -> float | None:
        """The value as a chart takes it: hundredths, hours, days."""
        value = self.read(numbers).value
        return None if value is None else round(value / self.scale, 4)


def _count(key: str) -> Reader:
    return lambda numbers: numbers.count(key)


def _stand(key: str) -> Reader:
    return lambda numbers: numbers.stand(key)


def _rate(key: str) -> Reader:
    return lambda numbers: numbers.rate(key)


def _time(key: str) -> Reader:
    return lambda numbers: numbers.time(key)


def _hours(key: str) -> Reader:
    return lambda numbers: numbers.hours(key)


def _of_rate(key: str, label: str, which: str, *, in_table: bool = True) -> Known:
    return Known(
        key,
        label,
        "%",
        _rate(key),
        which,
        is_good=True,
        scale=0.01,
        in_table=in_table,
        short=label.removesuffix("率"),
    )


#: Columns first, in their order; the others only as bars.
ALL = (
    Known("submitted", "点单", "件", _count("submitted"), "submitted", None),
    Known("open", "在办", "件", _stand("open"), "open", None, True),
    Known("overdue", "超时", "件", _stand("overdue"), "overdue", False, True),
    Known("oldest_due", "最久超时", "", Numbers.oldest, "overdue", True, True, short="最久超时"),
    _of_rate("response_rate", "响应率", "contact_due"),
    _of_rate("resolution_rate", "解决率", "rated"),
    _of_rate("satisfaction_rate", "满意率", "rated"),
    Known("resolve.median", "办结用时（中位）", "天", _time("resolve"), "done", scale=DAY, short="办结中位"),
    Known("hours_each", "人均服务小时", "小时", Numbers.hours_each, "", True, scale=60, short="人均小时"),
    Known(
        "coverage", "网格党组织覆盖", "%", Numbers.coverage, "coverage", True, True, 0.01, short="网格覆盖"
    ),
    Known("compounds.bare", "三无小区", "个", _stand("compounds.bare"), "three-lacking", False, True),
    Known("residents", "居民", "人", _stand("residents"), "overview", None, True),
    _of_rate("acceptance_rate", "受理率", "answer_due", in_table=False),
    _of_rate("completion_rate", "办结率", "to_resolve", in_table=False),
    _of_rate("punctual_rate", "按时办结率", "done", in_table=False),
    Known(
        "accept.median", "受理用时（中位）", "小时", _time("accept"), "accepted", scale=HOUR, in_table=False
    ),
    Known("arrange.median", "派出用时（中位）", "小时", _time("arrange"), scale=HOUR, in_table=False),
    Known("contact.median", "首次联系用时（中位）", "小时", _time("contact"), scale=HOUR, in_table=False),
    Known("own", "居民本人的点单", "件", _count("own"), "own", None, in_table=False),
    Known("arranged", "派单、吹哨或自办", "件", _count("arranged"), "", None, in_table=False),
    Known("contact_late", "没有按时联系", "件", _count("contact_late"), "contact_late", in_table=False),
    Known("dissatisfied", "不满意", "件", _count("dissatisfied"), "dissatisfied", in_table=False),
    Known("unsolved", "评价为未解决", "件", _count("unsolved"), "unsolved", in_table=False),
    Known("reopened", "重办", "件", _count("reopened"), "reopened", in_table=False),
    Known("dispatches.returned", "被退回的派单", "张", _count("dispatches.returned"), in_table=False),
    Known("dispatches.rejected", "退回重办的派单", "张", _count("dispatches.rejected"), in_table=False),
    Known(
        "open.supervised",
        "督办中",
        "件",
        _stand("open.supervised"),
        "supervised",
        False,
        True,
        in_table=False,
    ),
    Known("whistles", "哨单", "场", _count("whistles"), "", None, in_table=False),
    Known("minutes", "服务小时", "小时", _hours("minutes"), "", True, scale=60, in_table=False),
    Known("times", "服务人次", "人次", _count("times"), "", True, in_table=False),
    Known(
        "off_hours_minutes",
        "八小时外小时",
        "小时",
        _hours("off_hours_minutes"),
        "",
        True,
        scale=60,
        in_table=False,
    ),
    Known("registered", "报到人数", "人", _stand("registered"), "", True, True, in_table=False),
    Known(
        "quota.behind", "服务指标没完成", "人", _stand("quota.behind"), "quotas", False, True, in_table=False
    ),
    Known(
        "care.review_due",
        "到期要复核",
        "户",
        _stand("care.review_due"),
        "care-due",
        False,
        True,
        in_table=False,
    ),
)
BY_KEY = {each.key: each for each in ALL}
COLUMNS = tuple(each for each in ALL if each.in_table)
#: What can be chosen for the bars; how old something is has no length to draw.
BARS = tuple(each for each in ALL if each.key != "oldest_due")
#: Compared with peers.
COMPARED = ("response_rate", "resolution_rate", "satisfaction_rate", "resolve.median", "hours_each")
