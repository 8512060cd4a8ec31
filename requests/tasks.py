"""What beat asks for: the clocks of requests and dispatches."""

from celery import shared_task

from requests import ticking


@shared_task(name="requests.tick", expires=50)
def tick() -> int:
    return ticking.catch_up()
