"""The figures of dashboards, against the rows that they were added up from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from dashboards import rolling
from dashboards.models import RollupState
from dashboards.rolling.settling import settled
from operations.doctor.findings import Finding, of_sentences, warning
from operations.doctor.registry import Ask, check

REBUILD = "用 manage.py rebuild_rollups 重算（可加 --from、--to 只算几个月），再用 --check 核对。"
#: More are not counted: where so many differ, everything is counted anew.
ENOUGH = 1000


@check("rollups", "看板汇总", cost="让数据库另数一遍：每月约 60 次分组，一个市一年几分钟", is_slow=True)
def rollups(ask: Ask) -> Iterator[Finding]:
    """What dashboards show equals the rows, place by place, day by day and month by month, counted once more by the
    database in another way (`dashboards.rolling.proving`). First the round of the last minutes is done, as beat does
    it: work since the last round is no fault."""
    if not RollupState.objects.filter(pk=1, full_at__isnull=False).exists():
        yield warning("看板汇总还没有算过", REBUILD)
        return
    rolling.catch_up()
    yield from of_sentences("看板汇总和行数不符", REBUILD, map(str, islice(settled(), ENOUGH)))
