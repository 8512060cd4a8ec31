"""The beat schedule names tasks that exist, and those survive being asked for twice."""

import pytest
from django.conf import settings

from governance.celery import app


@pytest.fixture(scope="module", autouse=True)
def tasks() -> None:
    app.loader.import_default_modules()


@pytest.mark.parametrize("entry", sorted(settings.CELERY_BEAT_SCHEDULE))
def test_beat_asks_for_a_task_that_exists(entry):
    assert settings.CELERY_BEAT_SCHEDULE[entry]["task"] in app.tasks


@pytest.mark.django_db
@pytest.mark.parametrize("entry", sorted(settings.CELERY_BEAT_SCHEDULE))
def test_a_periodic_task_on_an_empty_platform_does_nothing_twice(entry):
    task = app.tasks[settings.CELERY_BEAT_SCHEDULE[entry]["task"]]
    assert not task.apply().get()
    assert not task.apply().get()
