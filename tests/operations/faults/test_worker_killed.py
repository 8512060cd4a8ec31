"""kill -9 with the work in its hands: a message, a summary and a sheet are finished once by the next worker."""

import pytest
import redis
from django.db import connection

from notifications.models import Message, Outgoing
from tests.notifications import somebody_awake
from tests.operations.doctoring import doctor_is_clean
from tests.operations.faults.platform import Platform
from tests.operations.faults.scenes import LATER, a_summary, is_all_delivered, waiting_for
from volunteers.models import SummaryJob

pytestmark = [pytest.mark.services]


def long_ago(platform: Platform, job: SummaryJob) -> None:
    """As if minutes had passed since the worker was last heard of."""
    job.refresh_from_db()
    SummaryJob.objects.filter(pk=job.pk).update(began_at=job.began_at - LATER, made_at=job.made_at - LATER)
    waiting = Outgoing.objects.filter(state=Outgoing.State.WAITING)
    for row in waiting.exclude(next_try_at=None):
        Outgoing.objects.filter(pk=row.pk).update(next_try_at=row.next_try_at - LATER)
    redis.Redis.from_url(platform.redis.url).flushdb()


def test_a_worker_killed_mid_task_has_done_everything_once(platform):
    job, people = a_summary(), [somebody_awake() for _ in range(6)]
    files = set((platform.media / "summaries").glob("*"))
    blocker = connection.Database.connect(**connection.get_connection_params())
    try:
        cursor = blocker.cursor()
        cursor.execute("LOCK TABLE notifications_message IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("LOCK TABLE volunteers_ledgerentry IN ACCESS EXCLUSIVE MODE")
        rows = [waiting_for(user, "killed") for user in people]
        platform.send("volunteers.write_summary", job.pk)
        platform.send("notifications.deliver_rows", rows)
        state = SummaryJob.State
        platform.until(lambda: SummaryJob.objects.filter(pk=job.pk, state=state.WRITING).exists())
        platform.until(lambda: Outgoing.objects.filter(pk__in=rows, tries=1).exists())
        platform.kill("worker")
    finally:
        blocker.rollback()
        blocker.close()
    assert not Message.objects.filter(to__in=people).exists()
    long_ago(platform, job)
    platform.start_worker()
    platform.start_beat()
    try:
        platform.until(lambda: SummaryJob.objects.get(pk=job.pk).state == state.DONE, 60)
        platform.until(is_all_delivered, 60)
    finally:
        platform.kill("beat")
    assert sorted(Message.objects.filter(to__in=people).values_list("to", flat=True)) == sorted(
        u.pk for u in people
    )
    assert Outgoing.objects.filter(key__startswith=f"summary:{job.pk}:").count() == 1
    assert len(set((platform.media / "summaries").glob("*")) - files) == 1
    assert not list((platform.var / "drafts").glob(f"*-{job.pk}-*"))
    doctor_is_clean()
