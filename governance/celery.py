"""The Celery application. Tasks live in each app's `tasks.py`; the beat schedule is in the settings."""

import os
from typing import Any

from celery import Celery, Task

from ground.frames import with_room

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")


class RoomyTask(Task):
    """Celery calls this in place of `run`, within the request that it has set up itself."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return with_room(self.run)(*args, **kwargs)


app = Celery("wenshao", task_cls=RoomyTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
