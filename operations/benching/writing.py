"""docs/bench.json, and docs/performance.md from it: nobody writes in that page, a test says that it is what comes out
here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from operations.benching import wording
from operations.benching.budgets import dug, largest
from operations.benching.peer import SIGNALEN

DOCS = Path(settings.BASE_DIR) / "docs"
DATA, PAGE = "bench.json", "performance.md"
_PEER = ("create", "list of 50", "list of 50, one community", "one request", "step")
Row = Iterable[Any]


def write(found: dict[str, Any], folder: Path) -> None:
    """Both files, into a folder that is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DATA).write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    write_again(folder)


def write_again(folder: Path) -> None:
    """The page alone, from the data that lies there."""
    (folder / PAGE).write_text(document(json.loads((folder / DATA).read_text())))


def document(found: dict[str, Any]) -> str:
    """The page as Markdown."""
    parts = (_head, _budgets, _peer, _memory, _pages, _lists, _jobs, _phone, _lighthouse, _plans, _how)
    return "\n".join(line for part in parts for line in (*part(found), "")).rstrip() + "\n"


def table(headings: Row, rows: Iterable[Row]) -> Iterator[str]:
    """A Markdown table; None is shown as a dash, the first column to the left, the others to the right."""
    headings = list(headings)
    yield _line(headings)
    yield _line(["---", *["---:"] * (len(headings) - 1)])
    for row in rows:
        yield _line(row)


def _line(cells: Row) -> str:
    return "| " + " | ".join(_shown(cell) for cell in cells) + " |"


def _shown(cell: Any) -> str:
    if cell is None or cell == "":
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "**no**"
    if isinstance(cell, int):
        return f"{cell:,}"
    return str(cell).replace("|", "\\|").replace("\n", " ")


def _head(found: dict[str, Any]) -> Iterator[str]:
    about = found.get("about") or {}
    yield "# Performance"
    yield ""
    yield wording.HEAD
    yield ""
    if found.get("quick"):
        yield wording.QUICK
        yield ""
    yield from table(("machine", ""), _machine(about))
    yield ""
    scales = found.get("scales", {})
    names = list(dict.fromkeys(name for scale in scales.values() for name in scale.get("rows", {})))
    yield from table(
        ("rows at scale", *scales),
        ([name, *(dug(scale, "rows", name) for scale in scales.values())] for name in names),
    )


def _machine(about: dict[str, Any]) -> Iterator[Row]:
    yield "date, commit", f"{about.get('date')}, {about.get('commit')}"
    yield "processor", f"{about.get('cores')} cores, {about.get('processor')}, {about.get('memory_gb')} GB"
    yield "system", f"{about.get('system')}, Python {about.get('python')}, Redis {about.get('redis')}"
    words = ", ".join(f"{name} {value}" for name, value in (about.get("postgresql_settings") or {}).items())
    yield "PostgreSQL", f"{about.get('postgresql')} ({words})"
    yield "libraries", ", ".join(f"{name} {each}" for name, each in (about.get("libraries") or {}).items())
    yield "load of the machine before", about.get("load_before")


def _budgets(found: dict[str, Any]) -> Iterator[str]:
    rows = found.get("budgets", [])
    yield f"## Budgets: {sum(row['ok'] for row in rows)} of {len(rows)} hold"
    yield ""
    yield from table(
        ("what", "measured", "limit", "holds", "from"),
        (
            (
                row["name"],
                row["value"],
                f"{row['bound']} {row['limit']:g} {row['unit']}",
                row["ok"],
                row["note"],
            )
            for row in rows
        ),
    )


def _peer(found: dict[str, Any]) -> Iterator[str]:
    peer = found.get("peer") or {}
    yield f"## Beside Signalen 2.50, at {peer.get('requests', 0):,} requests"
    yield ""
    yield wording.PEER
    yield ""
    headings = ("what", "queries", "Signalen", "p50 ms, 1 client", "Signalen", "p95", "p99", "SQL", "empty")
    yield from table(
        (*headings, "/s, 4 clients", "Signalen", "p95, 4 clients"), (_of_peer(peer, name) for name in _PEER)
    )
    yield ""
    csv = peer.get("csv") or {}
    how = csv.get("missing") or "as downloaded"
    yield wording.CSV.format(
        rows=csv.get("rows"), seconds=csv.get("seconds"), how=how, theirs=SIGNALEN["csv"]["seconds"]
    )


def _of_peer(peer: dict[str, Any], name: str) -> Row:
    row, theirs = peer.get(name) or {}, SIGNALEN.get(name, {})
    one, four = row.get("at_1", {}), row.get("at_4", {})
    return (
        *(name, row.get("queries"), theirs.get("queries"), one.get("p50"), theirs.get("p50"), one.get("p95")),
        *(one.get("p99"), row.get("sql_by_hand"), dug(one, "empty_view", "p50")),
        *(four.get("per_second"), theirs.get("per_second_at_4"), four.get("p95")),
    )


def _memory(found: dict[str, Any]) -> Iterator[str]:
    memory = dug(found, "peer", "memory") or {}
    yield "### Memory"
    yield ""
    names = ("calls", "seconds", "begins_mb", "peak_mb", "slope_kb")
    values = {name: memory.get(name) for name in names}
    yield wording.MEMORY.format(**values, theirs=SIGNALEN["memory"]["worker_mb"])


def _pages(found: dict[str, Any]) -> Iterator[str]:
    for scale, here in found.get("scales", {}).items():
        yield f"## Pages and calls at scale {scale}"
        yield ""
        if here is largest(found):
            yield wording.PAGES
            yield ""
        headings = ("route, who", "queries", "p50", "p95", "p99", "/s", "SQL", "empty", "ratio")
        rows = [row for row in here.get("pages", []) if "at_1" in row]
        yield from table(
            (*headings, "p50 at 4", "p95 at 4", "/s at 4", "bytes", "plain"), map(_of_page, rows)
        )
        yield ""
        missing = [row["name"] for row in here.get("pages", []) if "at_1" not in row]
        bad = [f"{row['name']} {row['at_1']['bad'] | row['at_4']['bad']}" for row in rows if _is_bad(row)]
        said = {"missing": "; ".join(missing) or "no page", "bad": "; ".join(bad) or "none"}
        yield wording.NOT_SHOWN.format(**said)
        yield ""


def _is_bad(row: dict[str, Any]) -> bool:
    return bool(row["at_1"]["bad"] or row["at_4"]["bad"])


def _of_page(row: dict[str, Any]) -> Row:
    one, four = row["at_1"], row["at_4"]
    return (
        *(row["name"], row["queries"], one.get("p50"), one.get("p95"), one.get("p99"), one.get("per_second")),
        *(row["sql_by_hand"], one["empty_view"]["p50"], row["ratio"]),
        *(four.get("p50"), four.get("p95"), four.get("per_second"), one.get("bytes"), row["plain_bytes"]),
    )


def _lists(found: dict[str, Any]) -> Iterator[str]:
    """p50 of every list over the scales."""
    scales = {
        scale: {row["name"]: row for row in here.get("pages", [])}
        for scale, here in found.get("scales", {}).items()
    }
    names = [name for name, row in next(iter(scales.values()), {}).items() if row["is_list"]]
    yield "## Lists over the scales: p50 in ms at one client"
    yield ""
    yield from table(
        ("list", *scales),
        ([name, *(dug(rows, name, "at_1", "p50") for rows in scales.values())] for name in names),
    )


def _jobs(found: dict[str, Any]) -> Iterator[str]:
    for scale, here in found.get("scales", {}).items():
        yield f"## Jobs, imports, exports at scale {scale}"
        yield ""
        yield wording.JOBS
        yield ""
        headings = ("job", "s", "processor s", "database s", "statements", "peak MB", "rows", "rows/s")
        yield from table(headings, map(_of_job, [*here.get("jobs", []), *here.get("carried", [])]))
        yield ""


def _of_job(row: dict[str, Any]) -> Row:
    if "failed" in row:
        return row["name"], f"failed: {row['failed']}", *[None] * 6
    names = ("name", "seconds", "processor", "reference", "statements", "peak_mb", "result", "per_second")
    return [row.get(name) for name in names]


def _phone(found: dict[str, Any]) -> Iterator[str]:
    yield "## First load of phone pages, compressed, without photos"
    yield ""
    rows = (found.get("phone") or {}).items()
    yield from table(
        ("page", "kB", "HTML", "files", "largest"),
        (
            (
                name,
                row.get("missing") or round(row["bytes"] / 1000, 1),
                row.get("html"),
                row.get("files"),
                row.get("largest"),
            )
            for name, row in rows
        ),
    )


def _lighthouse(found: dict[str, Any]) -> Iterator[str]:
    yield "## Lighthouse, its mobile preset"
    yield ""
    rows = (found.get("lighthouse") or {}).items()
    yield from table(
        ("page", "performance", "accessibility", "kB", "runs"),
        (
            (
                name,
                row.get("performance", row.get("missing")),
                row.get("accessibility"),
                _kb(row),
                row.get("runs"),
            )
            for name, row in rows
        ),
    )


def _kb(row: dict[str, Any]) -> float | None:
    return round(row["bytes"] / 1000, 1) if "bytes" in row else None


def _plans(found: dict[str, Any]) -> Iterator[str]:
    yield "## The ten hottest queries"
    yield ""
    yield wording.PLANS
    for number, each in enumerate(found.get("plans") or [], 1):
        yield ""
        yield wording.PLAN.format(number=number, count=len(each["pages"]), **each)
        yield ""
        yield from ("```sql", each["sql"], "```", "```", *each["plan"], "```")


def _how(found: dict[str, Any]) -> Iterator[str]:
    yield "## How it was measured"
    yield ""
    yield wording.HOW
