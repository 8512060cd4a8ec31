"""What beat asks for: the clock of whistles, their series and reminders, places that come free, and the boards."""

from celery import shared_task

from ground.leases import MESSAGE_SECONDS
from volunteers import leaderboards
from volunteers.accounting import crediting, quota_reminders
from volunteers.claiming import waiting
from volunteers.models import Whistle
from volunteers.summaries import running as summaries
from volunteers.whistling import reminders, series, whistles


@shared_task(name="volunteers.start_and_finish_due", expires=50)
def start_and_finish_due() -> int:
    return whistles.start_and_finish_due()


@shared_task(name="volunteers.make_series", expires=500)
def make_series() -> int:
    return series.make_due()


@shared_task(name="volunteers.remind_due", expires=50)
def remind_due() -> int:
    return reminders.remind_due()


@shared_task(name="volunteers.refresh_boards")
def refresh_boards() -> int:
    return leaderboards.refresh_due()


@shared_task(name="volunteers.close_boards", expires=500)
def close_boards() -> int:
    return leaderboards.close_due()


@shared_task(name="volunteers.fill_places")
def fill_places(whistle_id: int) -> int:
    return waiting.settle(Whistle.objects.get(pk=whistle_id))


@shared_task(name="volunteers.settle_queues", expires=50)
def settle_queues() -> int:
    return waiting.settle_due()


@shared_task(name="volunteers.write_summary", expires=MESSAGE_SECONDS)
def write_summary(job_id: int) -> None:
    summaries.write(job_id)


@shared_task(name="volunteers.resume_summaries", expires=50)
def resume_summaries() -> int:
    """Every minute; one that waited for longer than that is worth nothing."""
    return summaries.resume()


@shared_task(name="volunteers.call_absent", expires=500)
def call_absent() -> int:
    return crediting.call_absent_due()


@shared_task(name="volunteers.remind_of_quotas", expires=3000)
def remind_of_quotas() -> int:
    return quota_reminders.remind_due()
