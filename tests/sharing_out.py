"""How the tests with real services are shared out among processes (`--dist loadgroup`): what shares something large
is played by one of them, everything else one by one, the longest first.

By address and not by xdist's own mark, which xdist 3.8 no longer hears of with pytest 9.2 (its issue 1386): then
every process made each of these worlds for itself.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

#: Worlds of a hundred thousand rows, services of their own, a database of Redis.
TOGETHER = (
    "tests/grids/at_scale/",
    "tests/dashboards/test_explain.py",
    "tests/operations/faults/",
    "tests/notifications/test_killed_worker.py",
    "tests/volunteers/test_summaries_killed.py",
)
#: A minute each: begun last, they would keep one process busy while the others have nothing left.
LONG = ("tests/desk/test_demo_refused.py", "tests/house/test_deployment.py", "tests/house/test_up.py")


class Together(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return next((each for each in TOGETHER if nodeid.startswith(each)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not (item.get_closest_marker("services") and item.nodeid.startswith(LONG)))
