"""What workers do: check a job, load a job, take up what a killed worker left behind.

A job is held under a lease (`ground.leases`); who is overtaken loses his transaction. Killed at any point, either
everything of a step is there or nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction

from grids.audit import written_by
from grids.importing.examining import Draft, Outcome, compare, read
from grids.importing.loading import write
from grids.models import Building, Household, ImportFinding, ImportJob, Resident
from grids.powers import can_change_all_of
from ground import clock, heartbeat, leases, sealed
from ground.heartbeat import Voice
from ground.leases import Leases, Overtaken
from ground.personal import without_numbers
from ground.sheets import BadBook
from organizations.models import Organization

State = ImportJob.State
#: A checked job that nobody confirms loses its file.
FORGOTTEN_AFTER = timedelta(days=7)
FINDINGS_PORTION = 2_000
CHANGED_MEANWHILE = "台账在预检后有变化，请重新核对。"
NO_LONGER_IN_POST = "确认的人已不在这个岗位，什么都没有写入，请重新确认。"
REFUSED_BY_REGISTRY = "写入时和台账冲突，什么都没有写入，请重新核对。"
BROKEN = "导入程序出错，什么都没有写入；请把时间和文件告诉系统管理员。"
TOO_OFTEN = "这个文件几次都没有处理完，已停止，什么都没有写入；请按网格拆成几个小文件再导入。"
NO_ROWS = "表里没有可以导入的行。"
NO_HEADINGS = "没有认出表头，请指出每一列是什么。"


LEASES = Leases(
    ImportJob, "import", broken=BROKEN, too_often=TOO_OFTEN, related=("community", "confirmed_by")
)


class _BackToCheck(Exception):
    """What would be written is not what was shown."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


# Handing over


def hand_over(job: ImportJob) -> None:
    """Send the job to a worker after commit. A broker that is away: beat sends it again."""
    transaction.on_commit(lambda: _send(job))


def _send(job: ImportJob) -> None:
    from grids import tasks

    leases.send(tasks.load_import if job.state == State.LOADING else tasks.check_import, job)


def resume() -> int:
    """Every minute: jobs whose worker was lost are sent again, files of ended and forgotten jobs deleted."""
    sent = 0
    for job in LEASES.lost((State.WAITING, State.CHECKING, State.LOADING)):
        _send(job)
        sent += 1
    forgotten = ImportJob.objects.filter(state=State.CHECKED, made_at__lt=clock.now() - FORGOTTEN_AFTER)
    forgotten.update(state=State.CANCELLED, ended_at=clock.now(), sentence="七天没有确认，已自动取消。")
    for job in ImportJob.objects.exclude(state__in=ImportJob.OPEN).exclude(file=""):
        sealed.throw_away(job)
    sealed.sweep(ImportJob)
    return sent


# Checking


def check(job_id: int, *, listen: Callable[[ImportJob], Voice] = Voice) -> None:
    """Read a file, compare it with the registry, keep the findings. Does nothing for a job that is not due."""
    job = LEASES.take(job_id, State.WAITING, State.CHECKING)
    if job is None:
        return
    voice = listen(job)
    with _answered(job), LEASES.quietly("check", job):
        draft = _read(job, voice)
        outcome = compare(draft, job.community, is_retiring=False, voice=voice)
        _keep(job, outcome, voice, sentence=_remark(draft))


def _remark(draft: Draft) -> str:
    if not draft.is_understood:
        return NO_HEADINGS
    return "" if draft.rows else NO_ROWS


def _keep(job: ImportJob, outcome: Outcome, voice: Voice, *, sentence: str) -> None:
    """Findings and figures replaced as one, if the job is still ours."""
    voice.phase("保存结果")
    with transaction.atomic():
        now: dict[str, Any] = {"state": State.CHECKED, "counts": outcome.counts, "sentence": sentence}
        LEASES.still(job, **now, began_at=None)
        job.findings.all().delete()
        for batch in _batches(outcome.findings()):
            for finding in batch:
                finding.job = job
            ImportFinding.objects.bulk_create(batch)
            voice.beat()
    heartbeat.forget(job)


def _batches(findings: Iterator[ImportFinding]) -> Iterator[list[ImportFinding]]:
    batch: list[ImportFinding] = []
    for finding in findings:
        batch.append(finding)
        if len(batch) == FINDINGS_PORTION:
            yield batch
            batch = []
    if batch:
        yield batch


# Loading


def load(job_id: int, *, listen: Callable[[ImportJob], Voice] = Voice) -> None:
    """Write a confirmed job, all in one transaction. Does nothing for a job that is not due.

    The plan is made again under the locks; where it is not what was shown, nothing is written and the job goes
    back to CHECKED with what is true now.
    """
    job = LEASES.take(job_id, State.LOADING, State.LOADING)
    if job is None:
        return
    if not can_change_all_of(job.confirmed_by, job.community):
        with suppress(Overtaken):
            LEASES.still(job, state=State.CHECKED, sentence=NO_LONGER_IN_POST, began_at=None)
        return
    voice = listen(job)
    with _answered(job), LEASES.quietly("load", job):
        draft = _read(job, voice)
        try:
            _load(job, draft, voice)
        except _BackToCheck as back:
            _keep(job, back.outcome, voice, sentence=CHANGED_MEANWHILE)


def _load(job: ImportJob, draft: Draft, voice: Voice) -> None:
    shown = _Shown(job)
    while not _load_in_turn(job, draft, voice, shown):
        voice.phase("等前一个导入写完")
        time.sleep(1)
    sealed.throw_away(job)
    heartbeat.forget(job)


def _load_in_turn(job: ImportJob, draft: Draft, voice: Voice, shown: _Shown) -> bool:
    """One transaction; False, with nothing done, while another import writes into the community."""
    with transaction.atomic(), written_by(job.confirmed_by):
        # NO KEY: rows that point to the community, such as a new request, do not wait for an import.
        turn = Organization.objects.select_for_update(skip_locked=True, no_key=True).filter(
            pk=job.community_id
        )
        if turn.first() is None:
            return False
        _lock_registry(job.community_id, voice)
        outcome = compare(draft, job.community, is_retiring=job.retire_vanished, voice=voice)
        if shown.differs(outcome):
            raise _BackToCheck(outcome)
        write(outcome, job, voice=voice)
        LEASES.still(job, state=State.DONE, counts=outcome.counts, ended_at=clock.now(), sentence="")
    return True


def _lock_registry(community_id: int, voice: Voice) -> None:
    """In the order of every verb: buildings, households, people, each by key. Edits wait until the import is over."""
    if not connection.features.has_select_for_update:
        return  # SQLite has one writer, which is us
    for model in (Building, Household, Resident):
        rows = model._default_manager.filter(community_id=community_id).order_by("pk")
        for _ in rows.select_for_update(no_key=True).values_list("pk", flat=True).iterator(chunk_size=10_000):
            pass
        voice.beat()


class _Shown:
    """What was on the screen when somebody confirmed."""

    def __init__(self, job: ImportJob) -> None:
        kinds = ImportFinding.Kind
        self.bad = set(job.findings.filter(kind=kinds.BAD).values_list("sheet", "row"))
        people = job.findings.exclude(resident=None)
        self.touched = set(
            people.filter(kind__in=[kinds.CHANGED, kinds.MOVED]).values_list("resident", flat=True)
        )
        self.vanished = set(people.filter(kind=kinds.VANISHED).values_list("resident", flat=True))
        self.good_rows_only, self.retire = job.good_rows_only, job.retire_vanished
        self.new = job.counts.get("new", 0)

    def differs(self, outcome: Outcome) -> bool:
        """Whether a row is bad that was good, somebody would be changed or retired who was not named, or more people
        entered than were told: one who was erased since is not brought back unseen."""
        bad = {_as_shown(*row) for row in outcome.bad_rows}
        unseen = (_as_shown(*row) for pk, row in outcome.touched.items() if pk not in self.touched)
        if bad - self.bad or (bad and not self.good_rows_only) or any(row not in self.bad for row in unseen):
            return True
        if len(outcome.people.new) > self.new and self._entered(outcome) > self.new:
            return True
        vanished = {person.pk for person in outcome.people.vanished} if self.retire else set()
        return bool(vanished - self.vanished)

    def _entered(self, outcome: Outcome) -> int:
        """New people, apart from those of rows that were shown as bad and are good now."""
        rows = (_as_shown(entry.source.sheet[:40], entry.row) for entry in outcome.people.new)
        return sum(row not in self.bad for row in rows)


def _as_shown(sheet: str, row: int) -> tuple[str, int]:
    """As findings tell of it (`Outcome.findings`): a sheet may be called by somebody's number."""
    return without_numbers(sheet, "（号码）"), row


# What both share


def _read(job: ImportJob, voice: Voice) -> Draft:
    try:
        content = sealed.opened(job)
    except (OSError, ValueError):
        raise BadBook("上传的文件已经不在了，请重新上传。") from None
    return read(content, job.name, job.mapping, voice=voice, expected=job.counts.get("rows", 0))


@contextmanager
def _answered(job: ImportJob) -> Iterator[None]:
    """What may be wrong with a sheet, besides what may go wrong with any job."""
    with LEASES.answered(job):
        try:
            yield
        except BadBook as bad:
            LEASES.fail(job, bad.sentence)
        except IntegrityError:
            LEASES.still(job, state=State.CHECKED, sentence=REFUSED_BY_REGISTRY, began_at=None)
