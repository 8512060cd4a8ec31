"""The settings of production with a beat that does not take a minute: what a round does is the same."""

from datetime import timedelta

from governance.settings import *  # noqa: F403
from governance.settings import CELERY_BEAT_SCHEDULE

ROUND = timedelta(seconds=1)
EVERY_MINUTE = [
    name for name, entry in CELERY_BEAT_SCHEDULE.items() if entry["schedule"] == timedelta(minutes=1)
]
CELERY_BEAT_SCHEDULE = {name: CELERY_BEAT_SCHEDULE[name] | {"schedule": ROUND} for name in EVERY_MINUTE}
