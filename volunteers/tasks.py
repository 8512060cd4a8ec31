"""What beat asks for: the clock of whistles, and the boards."""

from celery import shared_task

from volunteers import leaderboards, whistles


@shared_task(name="volunteers.start_and_finish_due", expires=50)
def start_and_finish_due() -> int:
    return whistles.start_and_finish_due()


@shared_task(name="volunteers.refresh_boards")
def refresh_boards() -> int:
    return leaderboards.refresh_due()
