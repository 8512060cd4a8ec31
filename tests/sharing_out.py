"""How the tests with real services are shared out among processes (`--dist loadgroup`): what shares something large
is played by one of them, everything else one by one.

By address and not by xdist's own mark, which xdist 3.8 no longer hears of with pytest 9.2 (its issue 1386): then
every process made each of these worlds for itself.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/grids/at_scale/", "tests/dashboards/test_explain.py", "tests/operations/faults/")


class Together(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return next((each for each in TOGETHER if nodeid.startswith(each)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None
