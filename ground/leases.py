"""Jobs that workers hold under a lease: one worker at a time, taken over when it falls silent, given up in the end.

The lease is a row's state and its `began_at`. Whoever finds the lease of somebody who has been silent for a minute
(`ground.heartbeat`) may take it over; the former holder's last conditional update then finds nothing. Such a row has
`state` (with "failed"), `sentence`, `file`, `made_at`, `began_at`, `ended_at`, `takeovers`.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NoReturn

import structlog
from django.db import DatabaseError, IntegrityError, models
from django.db.models import F
from kombu.exceptions import KombuError

from ground import clock, sealed
from ground.errors import RuleViolation
from ground.heartbeat import is_silent
from ground.storing import NO_ROOM, is_full

log = structlog.get_logger(__name__)

FAILED = "failed"
#: A message that waited for longer is not worth taking up: beat has sent another one.
MESSAGE_SECONDS = 55
#: A job that costs worker after worker its life (memory) is not tried for ever.
MOST_TAKEOVERS = 5


class BrokenOff(RuntimeError):
    """The database went away or refused; what it said may hold values and is not repeated. It is tried again."""


class Overtaken(Exception):
    """Somebody else has the job now."""


@dataclass(frozen=True)
class Leases:
    """The leases of one model. `what` names its jobs in the log; the sentences are for whoever waits (Chinese):
    `broken` where the program failed, `too_often` where worker after worker was lost. `related` comes with a job."""

    model: type[models.Model]
    what: str
    broken: str
    too_often: str
    related: tuple[str, ...] = ()

    def take(self, job_id: int, waiting: str, running: str) -> Any:
        """The job on lease; None where it is not due, or somebody is at work on it."""
        now = clock.now()
        jobs: Any = self.model._default_manager.filter(pk=job_id)
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
                self.fail(left, self.too_often)
                return None
        # Without names it would follow every foreign key.
        return jobs.select_related(*self.related or (None,)).filter(began_at=now).first()

    def still(self, job: Any, **now: Any) -> None:
        """Write something into the row, if the lease is still ours. Raises Overtaken."""
        mine = self.model._default_manager.filter(pk=job.pk, state=job.state, began_at=job.began_at)
        if not mine.update(**now):
            raise Overtaken

    def fail(self, job: Any, sentence: str) -> None:
        """It has ended badly, and says why; its file goes. Nothing where somebody else has it."""
        with suppress(Overtaken):
            self.still(job, state=FAILED, sentence=sentence[:200], ended_at=clock.now())
            sealed.throw_away(job)

    def lost(self, states: Iterable[str]) -> Iterator[Any]:
        """Jobs in these states that nobody seems to be at work on."""
        for job in self.model._default_manager.filter(state__in=tuple(states)):
            if is_silent(job):
                yield job

    @contextmanager
    def answered(self, job: Any) -> Iterator[None]:
        """Every way in which work may end but the good one: the job says it, and is not tried for ever."""
        try:
            yield
        except Overtaken:
            log.info("job overtaken", what=self.what, job=job.pk)
        except BrokenOff:
            raise
        except RuleViolation as why:  # a full disk, and whatever else says itself what is wrong
            self.fail(job, why.sentence)
        except Exception as error:
            _log_bug(self.what, job, error)
            self.fail(job, NO_ROOM if is_full(error) else self.broken)

    @contextmanager
    def quietly(self, step: str, job: Any) -> Iterator[None]:
        """A driver's error may quote rows: it is logged by its kind only, and never travels on.

        Raises IntegrityError without a word, BrokenOff for every other error of the database.
        """
        try:
            yield
        except IntegrityError as error:
            self._log_refusal(step, job, error)
            raise IntegrityError from None
        except DatabaseError as error:
            self._log_refusal(step, job, error)
            self._break(step)

    def _break(self, step: str) -> NoReturn:
        raise BrokenOff(f"{self.what} {step} broke off; it will be taken up again") from None

    def _log_refusal(self, step: str, job: Any, error: DatabaseError) -> None:
        cause = error.__cause__
        constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
        log.warning(
            "job refused by the database",
            what=self.what,
            step=step,
            job=job.pk,
            error=type(error).__name__,
            constraint=constraint,
        )


def send(task: Any, job: Any) -> None:
    """Give a job to a worker, by its id. A broker that is away: beat sends it again."""
    try:
        task.apply_async([job.pk], retry=False)
    except (KombuError, OSError) as error:
        log.warning("broker away, the next minute sends it again", job=job.pk, error=type(error).__name__)


def _log_bug(what: str, job: Any, error: Exception) -> None:
    """Where it happened, not what it said: messages of exceptions quote values."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames]
    log.error("job failed", what=what, job=job.pk, error=type(error).__name__, where=where)
