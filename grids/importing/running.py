"""What workers do: check a job, load a job, take up what a killed worker left behind.

A job is held under a lease: its state and `began_at`. Whoever finds the lease of somebody who has been silent for a
minute may take it over; the former holder's last conditional update then finds nothing, and its transaction goes.
Killed at any point, either everything of a step is there or nothing.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import PurePath
from typing import Any, NoReturn

import structlog
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F
from kombu.exceptions import KombuError

from grids.audit import written_by
from grids.importing import heartbeat, sealed
from grids.importing.examining import Draft, Outcome, compare, read
from grids.importing.heartbeat import Voice, is_silent
from grids.importing.loading import write
from grids.models import Building, Household, ImportFinding, ImportJob, Resident
from grids.powers import can_change_all_of
from ground import clock
from ground.personal import without_numbers
from ground.sheets import BadBook
from organizations.models import Organization

log = structlog.get_logger(__name__)

State = ImportJob.State
#: A message that waited for longer is not worth taking up: beat has sent another one.
MESSAGE_SECONDS = 55
#: A checked job that nobody confirms loses its file.
FORGOTTEN_AFTER = timedelta(days=7)
FINDINGS_PORTION = 2_000
#: A file that costs worker after worker its life (memory) is not tried for ever.
MOST_TAKEOVERS = 5
CHANGED_MEANWHILE = "台账在预检后有变化，请重新核对。"
NO_LONGER_IN_POST = "确认的人已不在这个岗位，什么都没有写入，请重新确认。"
REFUSED_BY_REGISTRY = "写入时和台账冲突，什么都没有写入，请重新核对。"
BROKEN = "导入程序出错，什么都没有写入；请把时间和文件告诉系统管理员。"
TOO_OFTEN = "这个文件几次都没有处理完，已停止，什么都没有写入；请按网格拆成几个小文件再导入。"
NO_ROWS = "表里没有可以导入的行。"
NO_HEADINGS = "没有认出表头，请指出每一列是什么。"


class ImportBroken(RuntimeError):
    """The database went away or refused; what it said may hold values and is not repeated. It is tried again."""


class _Overtaken(Exception):
    """Somebody else has the job now."""


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

    task = tasks.load_import if job.state == State.LOADING else tasks.check_import
    try:
        task.apply_async([job.pk], retry=False)
    except (KombuError, OSError) as error:
        log.warning("broker away, the next minute sends it again", job=job.pk, error=type(error).__name__)


def resume() -> int:
    """Every minute: jobs whose worker was lost are sent again, files of ended and forgotten jobs deleted."""
    sent = 0
    for job in ImportJob.objects.filter(state__in=(State.WAITING, State.CHECKING, State.LOADING)):
        if is_silent(job):
            _send(job)
            sent += 1
    forgotten = ImportJob.objects.filter(state=State.CHECKED, made_at__lt=clock.now() - FORGOTTEN_AFTER)
    forgotten.update(state=State.CANCELLED, ended_at=clock.now(), sentence="七天没有确认，已自动取消。")
    for job in ImportJob.objects.exclude(state__in=ImportJob.OPEN).exclude(file=""):
        sealed.throw_away(job)
    sealed.sweep()
    return sent


# Checking


def check(job_id: int, *, listen: Callable[[ImportJob], Voice] = Voice) -> None:
    """Read a file, compare it with the registry, keep the findings. Does nothing for a job that is not due."""
    job = _take(job_id, State.WAITING, State.CHECKING)
    if job is None:
        return
    voice = listen(job)
    with _answered(job), _quietly("check", job):
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
        _still(job, **now, began_at=None)
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
    job = _take(job_id, State.LOADING, State.LOADING)
    if job is None:
        return
    if not can_change_all_of(job.confirmed_by, job.community):
        with suppress(_Overtaken):
            _still(job, state=State.CHECKED, sentence=NO_LONGER_IN_POST, began_at=None)
        return
    voice = listen(job)
    with _answered(job), _quietly("load", job):
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
        _still(job, state=State.DONE, counts=outcome.counts, ended_at=clock.now(), sentence="")
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


def _take(job_id: int, waiting: str, running: str) -> ImportJob | None:
    """The job on lease; None where it is not due, or somebody is at work on it."""
    now = clock.now()
    jobs = ImportJob.objects.filter(pk=job_id)
    if not jobs.filter(state=waiting, began_at=None).update(state=running, began_at=now):
        left = jobs.filter(state=running).first()
        if left is None or not is_silent(left):
            return None
        if not jobs.filter(state=running, began_at=left.began_at).update(
            began_at=now, takeovers=F("takeovers") + 1
        ):
            return None
        if left.takeovers >= MOST_TAKEOVERS:
            left.began_at = now
            _fail(left, TOO_OFTEN)
            return None
    return (
        ImportJob.objects.select_related("community", "confirmed_by").filter(pk=job_id, began_at=now).first()
    )


def _still(job: ImportJob, **now: Any) -> None:
    """Write the end of a step, if the lease is still ours. Raises _Overtaken."""
    mine = ImportJob.objects.filter(pk=job.pk, state=job.state, began_at=job.began_at)
    if not mine.update(**now):
        raise _Overtaken


def _read(job: ImportJob, voice: Voice) -> Draft:
    try:
        content = sealed.opened(job)
    except (OSError, ValueError):
        raise BadBook("上传的文件已经不在了，请重新上传。") from None
    return read(content, job.name, job.mapping, voice=voice, expected=job.counts.get("rows", 0))


def _fail(job: ImportJob, sentence: str) -> None:
    with suppress(_Overtaken):
        _still(job, state=State.FAILED, sentence=sentence[:200], ended_at=clock.now())
        sealed.throw_away(job)


@contextmanager
def _answered(job: ImportJob) -> Iterator[None]:
    """Every way in which a step may end but the good one: the job says it, and is not tried for ever."""
    try:
        yield
    except BadBook as bad:
        _fail(job, bad.sentence)
    except IntegrityError:
        with suppress(_Overtaken):
            _still(job, state=State.CHECKED, sentence=REFUSED_BY_REGISTRY, began_at=None)
    except _Overtaken:
        log.info("import overtaken", job=job.pk)
    except ImportBroken:
        raise
    except Exception as error:
        _log_bug(job, error)
        _fail(job, BROKEN)


def _log_bug(job: ImportJob, error: Exception) -> None:
    """Where it happened, not what it said: messages of exceptions quote values."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames]
    log.error("import failed", job=job.pk, error=type(error).__name__, where=where)


@contextmanager
def _quietly(what: str, job: ImportJob) -> Iterator[None]:
    """A driver's error may quote rows: it is logged by its kind only, and never travels on."""
    try:
        yield
    except IntegrityError as error:
        _log_refusal(what, job, error)
        raise IntegrityError from None
    except DatabaseError as error:
        _log_refusal(what, job, error)
        _break(what)


def _break(what: str) -> NoReturn:
    raise ImportBroken(f"import {what} broke off; it will be taken up again") from None


def _log_refusal(what: str, job: ImportJob, error: DatabaseError) -> None:
    cause = error.__cause__
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
    log.warning(
        "import refused by the database",
        step=what,
        job=job.pk,
        error=type(error).__name__,
        constraint=constraint,
    )
