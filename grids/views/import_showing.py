"""What the pages of 导入 say about a job: its one sentence, its figures, what confirming would do, its findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.urls import reverse

from grids.importing import jobs
from grids.models import ImportFinding, ImportJob
from ground.heartbeat import is_silent

State, Kind = ImportJob.State, ImportFinding.Kind

PAGE = 50  # findings
RUNNING = frozenset({State.WAITING, State.CHECKING, State.LOADING})
ENDED = frozenset({State.DONE, State.FAILED, State.CANCELLED})
CHIPS = {
    State.WAITING: "wait",
    State.CHECKING: "hand",
    State.CHECKED: "soon",
    State.LOADING: "hand",
    State.DONE: "done",
    State.FAILED: "late",
    State.CANCELLED: "wait",
}
#: The phase of a LOADING job in which rows are written.
WRITING = "写入"
#: Key of `counts` → what its tile says before and after the writing, its unit, the kind of findings behind it.
TILES = (
    ("bad", "要改", "没有写入", "行", Kind.BAD),
    ("new", "新增", "新增", "人", ""),
    ("back", "迁回来", "迁回来", "人", ""),
    ("changed", "有变化", "更新", "人", Kind.CHANGED),
    ("moved", "搬动", "搬动", "人", Kind.MOVED),
    ("unchanged", "没有变化", "没有变化", "人", ""),
    ("vanished", "表里没有", "表里没有", "人", Kind.VANISHED),
    ("buildings", "登记楼栋", "登记楼栋", "栋", ""),
    ("dwellings", "登记房屋", "登记房屋", "套", ""),
    ("skipped", "跳过", "跳过", "行", Kind.SKIPPED),
)
#: What is written beside people.
PLACES = (
    ("buildings", "楼栋", "栋"),
    ("dwellings", "房屋", "套"),
    ("compounds", "小区", "个"),
    ("households", "户", "户"),
)
#: Tiles that say something even where nothing is to be counted: after the check, after the writing.
ALWAYS = {
    State.CHECKED: frozenset({"bad", "new", "changed", "moved", "unchanged", "vanished"}),
    State.DONE: frozenset({"new"}),
}
#: Kind → what its tab explains, and what the last column is called.
EXPLAINED = {
    Kind.BAD: ("照“怎么改”改在原来的表里，再传一次。一行有几处问题时分开列。", "怎么改"),
    Kind.CHANGED: ("台账里已有这些人；写入后，列出的内容按表里的更新。", "会怎样"),
    Kind.MOVED: ("台账里已有这些人，登记在别处；写入后搬到表里写的房屋。", "会怎样"),
    Kind.VANISHED: ("表里写到的楼栋里，台账有、表里没有的人。确认时不勾“记为迁出”，就不会动他们。", "会怎样"),
    Kind.SKIPPED: ("合计、说明、重复的表头，和没有认出列名的工作表，都不写入。", "为什么跳过"),
}
#: Kinds whose findings speak of somebody who is registered.
OF_PEOPLE = frozenset({Kind.CHANGED, Kind.MOVED, Kind.VANISHED})


def said(number: int) -> str:
    return f"{number:,}"


def count(job: ImportJob, name: str) -> int:
    return int(job.counts.get(name, 0))


def percent(progress: jobs.Progress) -> int:
    return min(100, progress.done * 100 // progress.total) if progress.total else 0


def people_to_write(job: ImportJob) -> int:
    return sum(count(job, name) for name in ("new", "back", "changed", "moved"))


def headline(job: ImportJob, progress: jobs.Progress) -> str:
    """The one sentence at the top of a job's page."""
    if job.state in (State.CHECKING, State.LOADING):
        # The sheet is read once more before it is written: that share is the bar's, or the figure would fall back.
        is_whole = progress.total and (job.state == State.CHECKING or progress.phase == WRITING)
        return (
            f"{job.get_state_display()} {percent(progress)}%" if is_whole else f"{job.get_state_display()}…"
        )
    if job.state == State.WAITING:
        return "排队中，马上开始预检"
    if job.state == State.CHECKED:
        return _verdict(job)
    if job.state == State.DONE:
        return f"已导入：{_effects(job, State.DONE)}"
    return "这张表没有读成" if job.state == State.FAILED else "已取消，台账没有动过"


def _verdict(job: ImportJob) -> str:
    if not count(job, "rows"):
        return "没有认出列名" if job.sentence else "表里没有可以导入的行"
    if bad := count(job, "bad"):
        return f"{said(bad)} 行要改"
    if has_effect(job):
        return f"可以导入：{_effects(job, State.CHECKED)}"
    if vanished := count(job, "vanished"):
        return f"表里的人都在册，另有 {said(vanished)} 人不在表里"
    return "和台账一样，没有要导入的"


def has_effect(job: ImportJob) -> bool:
    """Whether confirming writes anything without retiring anybody."""
    return bool(people_to_write(job) or any(count(job, name) for name, _, _ in PLACES))


def _effects(job: ImportJob, state: str) -> str:
    """新增 9,812 人，更新 35 人: the most important first, two at most."""
    words = (("new", "新增"), ("back", "迁回来"), ("changed", "更新"), ("moved", "搬动"))
    parts = [f"{word} {said(count(job, name))} 人" for name, word in words if count(job, name)]
    if state == State.DONE and job.retire_vanished and count(job, "vanished"):
        parts.append(f"迁出 {said(count(job, 'vanished'))} 人")
    parts = parts or [
        f"登记{word} {said(count(job, name))} {unit}" for name, word, unit in PLACES if count(job, name)
    ]
    return "，".join(parts[:2]) or "没有变化"


def summary(job: ImportJob) -> str:
    """What a row of the list says of the result."""
    if job.state == State.CHECKED:
        return _verdict(job).removeprefix("可以导入：")
    if job.state == State.DONE:
        return _effects(job, job.state)
    if job.state == State.FAILED:
        return job.sentence or "没有读成"
    return "没有写入" if job.state == State.CANCELLED else "正在处理"


def chip(job: ImportJob) -> dict[str, str]:
    """A checked job waits for a yes, or for another sheet, or for nothing."""
    if job.state == State.CHECKED and (count(job, "bad") or not count(job, "rows")):
        return {"state": "late", "label": "要改"}
    if job.state == State.CHECKED and not (has_effect(job) or count(job, "vanished")):
        return {"state": "wait", "label": "没有变化"}
    return {"state": CHIPS[State(job.state)], "label": job.get_state_display()}


def tiles(job: ImportJob) -> list[dict[str, Any]]:
    """The counts of the check, or of what was written. None before the check has ended, or where no row was found."""
    if job.state not in ALWAYS or not count(job, "rows"):
        return []
    always = ALWAYS[State(job.state)]
    return [_tile(job, *row) for row in TILES if row[0] in always or count(job, row[0])]


def _tile(job: ImportJob, name: str, before: str, after: str, unit: str, kind: str) -> dict[str, Any]:
    number, is_done = count(job, name), job.state == State.DONE
    label = "迁出" if name == "vanished" and is_done and job.retire_vanished else after if is_done else before
    return {
        "label": label,
        "figure": said(number),
        "unit": unit,
        "url": f"?kind={kind}#findings" if kind and number else "",
        "tone": "late" if name == "bad" and number else "",
    }


@dataclass(frozen=True, slots=True)
class Decision:
    """What can be confirmed: the button, what it will do, and the choices beside it. Figures as they are said."""

    label: str
    will_happen: str
    bad: str
    good: str
    vanished: str
    may_load: bool
    may_load_good: bool
    needs_retiring: bool


def decision(job: ImportJob) -> Decision:
    bad, vanished = count(job, "bad"), count(job, "vanished")
    # Rows that are bad only as long as those who are not in the sheet stay registered.
    needs_retiring = bool(vanished) and 0 < bad == count(job, "unless_retired")
    good = max(0, count(job, "rows") - bad)
    return Decision(
        label=_label(job),
        will_happen=_will_happen(job),
        bad=said(bad),
        good=said(good),
        vanished=said(vanished) if vanished else "",
        may_load=not bad and (has_effect(job) or bool(vanished)),
        may_load_good=bool(bad and good and has_effect(job)),
        needs_retiring=needs_retiring,
    )


def _label(job: ImportJob) -> str:
    if people := people_to_write(job):
        return f"写入 {said(people)} 人"
    return "写入台账" if has_effect(job) else "记为迁出"


def _will_happen(job: ImportJob) -> str:
    words = (
        ("new", "新增 {} 人"),
        ("back", "迁回来 {} 人"),
        ("changed", "更新 {} 人的登记"),
        ("moved", "搬动 {} 人"),
        ("buildings", "登记或更新楼栋 {} 栋"),
        ("dwellings", "登记或更新房屋 {} 套"),
    )
    parts = [word.format(said(count(job, name))) for name, word in words if count(job, name)]
    return f"{'，'.join(parts)}。" if parts else ""


def found_by_kind(job: ImportJob) -> dict[str, int]:
    """Kind → findings, in the order of the tabs; of bad ones the rows, which may have several faults each."""
    numbers = dict(job.findings.order_by().values_list("kind").annotate(number=Count("pk")))
    found = {each.value: numbers[each.value] for each in Kind if each.value in numbers}
    if Kind.BAD in found:
        found[Kind.BAD] = count(job, "bad") or found[Kind.BAD]
    return found


def tabs(found: dict[str, int], kind: str) -> list[dict[str, Any]]:
    """One tab for every kind that has findings."""
    return [
        {
            "label": Kind(each).label,
            "url": f"?kind={each}#findings",
            "count": said(number),
            "on": each == kind,
            "state": "late" if each == Kind.BAD else "",
        }
        for each, number in found.items()
    ]


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """Findings of one kind after a key; where the next page begins, not how many there are."""

    rows: list[dict[str, Any]]
    next_key: str
    is_first: bool


def findings_page(job: ImportJob, kind: str, after: str) -> FindingsPage:
    """One query, from the index (job, kind, id), however many findings there are."""
    start = int(after) if after.isdecimal() and len(after) < 16 else 0
    rows = (
        job.findings.filter(kind=kind, pk__gt=start)
        .select_related("resident")
        .only(
            "kind",
            "sheet",
            "row",
            "column",
            "value",
            "sentence",
            "job",
            "resident__name",
            "resident__community",
        )
        .order_by("pk")
    )
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    next_key = str(shown[-1].pk) if len(found) > PAGE else ""
    return FindingsPage([_row(job, each) for each in shown], next_key, start == 0)


def _row(job: ImportJob, finding: ImportFinding) -> dict[str, Any]:
    """Somebody who has meanwhile gone to another community, or was erased, is not named here any more."""
    resident = finding.resident
    if resident is None or resident.community_id != job.community_id or not resident.name:
        return {"finding": finding, "name": "", "url": ""}
    return {"finding": finding, "name": resident.name, "url": reverse("grids:resident", args=[resident.pk])}


def progress_words(job: ImportJob, progress: jobs.Progress) -> dict[str, Any]:
    return {
        "phase": progress.phase or "等后台开始",
        "is_silent": is_silent(job),
        "total": said(progress.total) if progress.total else "",
        "done": said(progress.done) if progress.done else "",
        "percent": percent(progress),
    }


def headline_of_list(found: list[ImportJob]) -> str:
    """What waits for whom, of the newest jobs."""
    waiting = sum(job.state == State.CHECKED for job in found)
    running = sum(job.state in RUNNING for job in found)
    if waiting:
        return f"{waiting} 张表等你看结果"
    return f"{running} 张表正在处理" if running else "把居民表导进台账"
