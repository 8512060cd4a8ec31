"""评价: the judgement of whoever asked, and of nobody else."""

import pytest

from ground.errors import NoPower, RuleViolation
from notifications.models import FanOut
from requests import afterwards, workflow
from requests.states import Outcome, State
from tests.factories import a_city, a_grid_worker, a_user
from tests.workflow import in_progress, resolved

pytestmark = pytest.mark.django_db
GOOD = {"contacted": True, "solved": True, "satisfied": 5}
BAD = {"contacted": False, "solved": False, "satisfied": 1}


def test_rating_closes_it() -> None:
    service_request = resolved(a_city())
    afterwards.rate(service_request, by=service_request.submitter, text="谢谢王师傅", **GOOD)
    assert service_request.state == State.CLOSED
    assert service_request.ended_at is not None
    rating = service_request.rating
    assert (rating.contacted, rating.solved, rating.satisfied) == (True, True, 5)
    assert rating.text == "谢谢王师傅"
    assert service_request.events.get(step="rate").codes == GOOD
    assert not FanOut.objects.filter(title__startswith="不满意").exists()


def test_a_bad_rating_is_told_to_the_handler() -> None:
    service_request = resolved(a_city())
    afterwards.rate(service_request, by=service_request.submitter, **BAD)
    assert FanOut.objects.get(title__startswith="不满意").audience_id == service_request.events.last().pk


@pytest.mark.parametrize("stars", [0, 6, -1])
def test_one_to_five_stars(stars: int) -> None:
    service_request = resolved(a_city())
    with pytest.raises(RuleViolation):
        afterwards.rate(service_request, by=service_request.submitter, **(GOOD | {"satisfied": stars}))


def test_only_the_submitter_rates_and_only_once() -> None:
    city = a_city()
    service_request = resolved(city)
    for person in (city.home.secretary, a_user()):
        with pytest.raises(NoPower):
            afterwards.rate(service_request, by=person, **GOOD)
    afterwards.rate(service_request, by=service_request.submitter, **GOOD)
    with pytest.raises(RuleViolation):
        afterwards.rate(service_request, by=service_request.submitter, **BAD)


def test_not_before_it_is_resolved() -> None:
    service_request = in_progress(a_city())
    with pytest.raises(RuleViolation):
        afterwards.rate(service_request, by=service_request.submitter, **GOOD)


def test_who_filed_it_for_another_does_not_rate_it() -> None:
    city = a_city()
    worker, person = a_grid_worker(city.home), a_user("周阿婆")
    service_request = resolved(city, by=worker, on_behalf_of=person)
    with pytest.raises(NoPower):
        afterwards.rate(service_request, by=worker, **GOOD)
    afterwards.rate(service_request, by=person, **GOOD)


def test_nobody_rates_what_he_handled() -> None:
    """Somebody who asked and then was appointed may not have worked on his own request; history is asked."""
    city = a_city()
    service_request = in_progress(city)
    service_request.events.model._base_manager.create(
        subject=service_request,
        step="contact",
        source="in_progress",
        target="in_progress",
        by=service_request.submitter,
    )
    workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="好了")
    with pytest.raises(RuleViolation, match="参与了办理"):
        afterwards.rate(service_request, by=service_request.submitter, **GOOD)
