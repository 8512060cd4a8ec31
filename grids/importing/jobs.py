"""The front of the import: what pages, the admin and the command ask for. The work itself is `running`'s."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from grids.importing.faults import label_of
from grids.importing.reading import SheetHeadings, headings_of
from grids.importing.running import check, hand_over, load, resume
from grids.models import ImportFinding, ImportJob
from grids.powers import can_change_all_of
from ground import clock, sealed
from ground.errors import NoPower, RuleViolation
from ground.fields import blind_index
from ground.heartbeat import Progress, progress
from ground.personal import without_numbers
from ground.sheets import BadBook, csv_safe, open_book
from ground.sheets.guard import kind_of
from ground.steps import lock_row
from organizations.models import Organization

__all__ = [
    "MAX_BYTES",
    "Progress",
    "SheetHeadings",
    "Titles",
    "begin",
    "cancel",
    "check",
    "confirm",
    "headings",
    "load",
    "progress",
    "remap",
    "report",
    "resume",
]

MAX_BYTES = 30 * 1024**2
#: Sheet name (or "*" for every sheet) → field of `columns` → the title of the column that holds it.
Titles = Mapping[str, Mapping[str, str]]

State = ImportJob.State
#: What would be written; `vanished` counts only where people are retired.
_EFFECTS = ("new", "changed", "moved", "back", "dwellings", "households", "buildings", "compounds")


def begin(
    *,
    by: Any,
    community: Organization,
    content: bytes,
    name: str,
    mapping: Titles | None = None,
    is_handed_over: bool = True,
) -> ImportJob:
    """Take a file in and have it checked by a worker; nothing is written to the registry.

    The same file for the same community, while it is on its way, gives the job that there is (a double tap).
    `is_handed_over=False`: the caller runs `check` and `load` himself (the command). Raises NoPower; RuleViolation
    (field "file") for what is too large or no sheet at all. What is only found in reading makes the job FAILED.
    """
    if not can_change_all_of(by, community):
        raise NoPower()
    _refuse_file(content)
    digest = blind_index(hashlib.sha256(content).hexdigest(), f"import:{community.pk}")
    if (there := _on_its_way(community, digest)) is not None:
        return there
    job = ImportJob(community=community, by=by, name=_short(name), digest=digest, mapping=_plain(mapping))
    try:
        with transaction.atomic():
            job.save()
            job.file.save(f"{secrets.token_urlsafe(16)}.sealed", ContentFile(sealed.closed(job, content)))
            if is_handed_over:
                hand_over(job)
    except IntegrityError:
        there = _on_its_way(community, digest)
        if there is None:
            raise RuleViolation("请再试一次。", field="file") from None
        return there
    return job


def confirm(
    job: ImportJob,
    *,
    by: Any,
    good_rows_only: bool = False,
    retire_vanished: bool = False,
    is_handed_over: bool = True,
) -> ImportJob:
    """Have a checked job written by a worker: LOADING. Raises NoPower; RuleViolation where it is not CHECKED, has
    bad rows and not `good_rows_only`, would retire people while rows are bad, or has nothing to write."""
    with transaction.atomic():
        _take(job, by, State.CHECKED, "预检完成后才能确认导入。")
        bad = job.counts.get("bad", 0) - (job.counts.get("unless_retired", 0) if retire_vanished else 0)
        if bad and retire_vanished:
            raise RuleViolation(
                "还有要改的行时，不能把表里没有的人记为迁出；请改好后重新上传。", field="retire_vanished"
            )
        if bad and not good_rows_only:
            raise RuleViolation(
                f"有 {bad} 行要改：请改好后重新上传，或选“只导入没有问题的行”。", field="good_rows_only"
            )
        if not _effects(job, retire_vanished):
            raise RuleViolation("表里的内容和台账一样，没有要导入的。")
        job.state, job.began_at, job.sentence = State.LOADING, None, ""
        job.good_rows_only, job.retire_vanished, job.confirmed_by = good_rows_only, retire_vanished, by
        job.save(
            update_fields=[
                *("state", "began_at", "sentence", "good_rows_only", "retire_vanished", "confirmed_by")
            ]
        )
        if is_handed_over:
            hand_over(job)
    return job


def remap(job: ImportJob, *, by: Any, mapping: Titles) -> ImportJob:
    """Say which column is which and have the file checked again. Raises NoPower, RuleViolation (not CHECKED)."""
    with transaction.atomic():
        _take(job, by, State.CHECKED, "预检完成后才能改列对应。")
        job.mapping, job.state, job.began_at, job.sentence = _plain(mapping), State.WAITING, None, ""
        job.save(update_fields=["mapping", "state", "began_at", "sentence"])
        hand_over(job)
    return job


def cancel(job: ImportJob, *, by: Any) -> ImportJob:
    """Give a job up before it is written; its file is deleted. Raises NoPower, RuleViolation."""
    with transaction.atomic():
        _take(job, by, State.WAITING, "已经开始写入或已经结束，不能取消。", State.CHECKING, State.CHECKED)
        job.state, job.ended_at = State.CANCELLED, clock.now()
        job.save(update_fields=["state", "ended_at"])
        transaction.on_commit(lambda: sealed.throw_away(job))
    return job


def headings(job: ImportJob) -> list[SheetHeadings]:
    """The headings of every sheet and how they were understood, for the page that maps columns.

    Opens the file (seconds for a large one). Raises RuleViolation where the file is gone or cannot be read.
    """
    if not job.file:
        raise RuleViolation("导入已经结束，文件已删除；请重新上传。")
    try:
        with open_book(sealed.opened(job), job.name) as book:
            return headings_of(book, job.mapping)
    except BadBook as bad:
        raise RuleViolation(bad.sentence) from None


#: The first row of `report`.
REPORT_TITLES = ["工作表", "行", "列", "问题", "内容（已遮盖）", "怎么改"]


def report(job: ImportJob) -> Iterator[list[str]]:
    """Rows of the CSV report, titles first, every finding; safe to open in Excel. One query."""
    yield REPORT_TITLES
    for finding in job.findings.order_by("kind", "sheet", "row", "id").iterator(chunk_size=2000):
        yield report_row(finding)


def report_row(finding: ImportFinding) -> list[str]:
    row = "" if finding.row is None else str(finding.row)
    what = label_of(finding.code) or finding.get_kind_display()
    return [
        csv_safe(text) for text in (finding.sheet, row, finding.column, what, finding.value, finding.sentence)
    ]


def _take(job: ImportJob, by: Any, state: str, refusal: str, *more: str) -> None:
    """Lock the job; power and state must be right."""
    lock_row(job)
    if not can_change_all_of(by, job.community):
        raise NoPower()
    if job.state not in (state, *more):
        raise RuleViolation(refusal)


def _effects(job: ImportJob, retire_vanished: bool) -> int:
    return sum(job.counts.get(name, 0) for name in _EFFECTS) + (
        job.counts.get("vanished", 0) if retire_vanished else 0
    )


def _on_its_way(community: Organization, digest: str) -> ImportJob | None:
    return ImportJob.objects.filter(community=community, digest=digest, state__in=ImportJob.OPEN).first()


def _refuse_file(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise RuleViolation(
            f"文件超过 {MAX_BYTES // 1024**2} MB，请按网格拆成几个文件，分几次导入。", field="file"
        )
    try:
        kind_of(content)
    except BadBook as bad:
        raise RuleViolation(bad.sentence, field="file") from None


def _short(name: str) -> str:
    """The bare name, without numbers of people; of a long one the end, which says what kind it is."""
    bare = PurePath(name.replace("\\", "/")).name
    return without_numbers(bare, "（号码）")[-120:] or "导入"


def _plain(mapping: Titles | None) -> dict[str, dict[str, str]]:
    return {
        sheet: {field: title for field, title in titles.items() if title}
        for sheet, titles in (mapping or {}).items()
        if any(titles.values())
    }
