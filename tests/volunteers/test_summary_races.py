"""However often somebody taps at once: one job, one line in the access log, one file."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from organizations.models import AccessLogEntry, Organization
from tests.factories import a_city
from tests.volunteers.racing import at_once
from tests.volunteers.summary_scenes import Invention, Workbook, asked
from volunteers.models import SummaryJob
from volunteers.summaries import running

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def city() -> Any:
    assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"
    made = a_city()
    Invention(made, [made.home], entries=300, people=30, units=2)
    return made


def ask(city: Any, **more: Any) -> Any:
    """One tap: rows are fetched anew, as a request would."""

    def job() -> int:
        by = User.objects.get(pk=city.home.secretary.pk)
        home = Organization.objects.get(pk=city.home.organization.pk)
        return asked(by, home, with_names=True, **more).pk

    return job


def test_one_key_from_ten_phones(city: Any) -> None:
    key = uuid.uuid4()
    outcomes = at_once([ask(city, key=key) for _ in range(10)])
    assert Counter(kind for kind, _ in outcomes) == {"done": 10}, outcomes
    assert len({pk for _, pk in outcomes}) == SummaryJob.objects.count() == 1
    assert AccessLogEntry.objects.count() == 1, "one export, one trace"


def test_the_same_question_with_ten_keys(city: Any) -> None:
    outcomes = at_once([ask(city) for _ in range(10)])
    assert (
        len({pk for _, pk in outcomes}) == SummaryJob.objects.count() == AccessLogEntry.objects.count() == 1
    )


def test_six_workers_take_one_job(city: Any) -> None:
    job = asked(city.home.secretary, city.home.organization, with_names=True)
    at_once([lambda: running.write(job.pk)] * 6)
    job.refresh_from_db()
    storage = SummaryJob._meta.get_field("file").storage
    assert job.state == SummaryJob.State.DONE and job.takeovers == 0
    assert storage.listdir("summaries")[1] == [job.file.name.rpartition("/")[2]]
    assert Workbook(job).whole["服务人次"]
