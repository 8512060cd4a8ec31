"""What was found, as a table for people or as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from operations.doctor.examining import Result
from operations.doctor.findings import MOST, Finding, Level

_WORDS = {
    Level.ERROR: Text("错误", "bold red"),
    Level.WARNING: Text("提醒", "yellow"),
    Level.NOTE: Text("说明", "cyan"),
}


def as_table(results: Iterable[Result]) -> Table:
    """One line a finding: check, how bad, what, how to mend it, seconds."""
    table = Table(show_lines=True, title="体检")
    table.add_column("检查", no_wrap=True)
    table.add_column("结果", no_wrap=True)
    table.add_column("发现", ratio=3, overflow="fold")
    table.add_column("怎么办", ratio=3, overflow="fold")
    table.add_column("秒", justify="right", no_wrap=True)
    for result in results:
        for line in _lines(result):
            table.add_row(*line)
    return table


def _lines(result: Result) -> list[tuple[Any, ...]]:
    check, seconds = result.check, f"{result.seconds:.1f}"
    title = f"{check.name}\n{check.title}"
    if result.left_out:
        return [(title, Text("没有查", "dim"), "--quick 略过", f"{check.cost}。去掉 --quick 再查。", "")]
    if result.broke:
        mend = "看日志 a check of the doctor broke off；数据库或服务连不上就先修复它。"
        return [(title, Text("查不了", "bold red"), result.broke, mend, seconds)]
    if not result.findings:
        return [(title, Text("正常", "green"), "", "", seconds)]
    return [
        (title if first else "", _WORDS[found.level], sentence(found), found.mend, seconds if first else "")
        for first, found in ((number == 0, each) for number, each in enumerate(result.findings))
    ]


def sentence(found: Finding) -> str:
    """What was found, how often, and the first rows."""
    words = found.what if not found.count else f"{found.what}：{found.count} 处"
    if not found.rows:
        return words
    is_short = all(len(row) <= MOST for row in found.rows)
    more = "" if found.count <= len(found.rows) else f"（只列前 {len(found.rows)} 处）"
    return f"{words}{more}\n" + ("、" if is_short else "\n").join(found.rows)


def tell(results: Iterable[Result], console: Console) -> None:
    found = list(results)
    console.print(as_table(found))
    counts = {level: sum(each.level == level for one in found for each in one.findings) for level in Level}
    broken = sum(bool(each.broke) for each in found)
    last = f"{len(found)} 项检查：错误 {counts[Level.ERROR]}，提醒 {counts[Level.WARNING]}"
    console.print(f"{last}，说明 {counts[Level.NOTE]}" + (f"，查不了 {broken}" if broken else ""))


def as_json(results: Iterable[Result], code: int) -> str:
    """The same for machines: {"exit": …, "checks": [{"name", "seconds", "broke", "left_out", "findings": […]}]}."""
    checks = [
        {
            "name": result.check.name,
            "seconds": round(result.seconds, 2),
            "broke": result.broke,
            "left_out": result.left_out,
            "findings": [_plain(found) for found in result.findings],
        }
        for result in results
    ]
    return json.dumps({"exit": code, "checks": checks}, ensure_ascii=False, indent=1)


def _plain(found: Finding) -> dict[str, Any]:
    return {
        "level": str(found.level),
        "what": found.what,
        "mend": found.mend,
        "count": found.count,
        "rows": list(found.rows),
    }
