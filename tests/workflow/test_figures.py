"""The figures of RULES 7 on the request side: every one counted slowly by hand, and the rows behind it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import TruncMonth

from ground import clock
from organizations.posts import Post
from requests import afterwards, consents, dispatching, merging, splitting, workflow
from requests.figures import (
    Figures,
    conditions,
    figures_by,
    submitted_between,
    times_by,
    times_of,
    total,
    units_of,
)
from requests.figures.times import percentile
from requests.models import ServiceRequest
from requests.states import Outcome
from tests.factories import City, a_city, a_unit, a_user, appoint
from tests.workflow import CHINA, a_category, filed

pytestmark = pytest.mark.django_db
#: A Monday morning.
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=CHINA)
LATER = MONDAY + timedelta(days=40)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def city() -> City:
    city = a_city()
    appoint(a_user("街道干部"), Post.OFFICER, city.street)
    return city


def asked(city: City, at: datetime = MONDAY, **extra: Any) -> ServiceRequest:
    with clock.at(at):
        return filed(city, **extra)


def step(verb: Any, row: ServiceRequest, at: datetime, by: Any, **given: Any) -> None:
    with clock.at(at):
        verb(row, by=by, **given)


def begun(city: City, at: datetime = MONDAY, after: timedelta = HOUR, **extra: Any) -> ServiceRequest:
    row, secretary = asked(city, at, **extra), city.home.secretary
    step(workflow.accept, row, at + after, secretary, track="important")
    step(workflow.handle, row, at + after, secretary, responsible=secretary)
    return row


def done(city: City, after: timedelta, at: datetime = MONDAY, **extra: Any) -> ServiceRequest:
    """Accepted after an hour, resolved so long after that."""
    row = begun(city, at, **extra)
    step(
        workflow.resolve,
        row,
        at + HOUR + after,
        city.home.secretary,
        outcome=Outcome.SOLVED,
        text="好了",
    )
    return row


def figures(at: datetime = LATER) -> Figures:
    return total(ServiceRequest.objects.all(), at)


class TestRates:
    def test_acceptance_counts_answers_in_time_and_what_came_due(self, city: City) -> None:
        secretary = city.home.secretary
        asked(city)  # nobody ever answers
        begun(city)
        step(workflow.decline, asked(city), MONDAY + HOUR, secretary, reason="不归社区管")
        step(workflow.accept, asked(city), MONDAY + 5 * DAY, secretary, track="hard")
        gone = asked(city)
        step(workflow.withdraw, gone, MONDAY + HOUR, gone.submitter)
        soon = figures(MONDAY + 2 * HOUR)
        assert (soon.answered_in_time, soon.answer_due) == (2, 3)  # the late answer is there already
        late = figures()
        assert (late.answered_in_time, late.answer_due, late.acceptance_rate) == (2, 4, 0.5)

    def test_a_refusal_that_is_overruled_was_no_lawful_answer(self, city: City) -> None:
        row = asked(city)
        step(workflow.decline, row, MONDAY + HOUR, city.home.secretary, reason="不归社区管")
        step(afterwards.object_to, row, MONDAY + DAY, row.submitter, reason="就在社区里")
        officer = city.street.appointments.get(post=Post.OFFICER).user
        step(workflow.accept, row, MONDAY + DAY + HOUR, officer, track="important")
        assert (figures().answered_in_time, figures().answer_due) == (0, 1)

    def test_explained_ones_are_counted_apart(self, city: City) -> None:
        done(city, DAY)
        done(city, 30 * DAY)
        begun(city)
        row = begun(city)
        step(consents.explain, row, MONDAY + DAY, city.home.secretary, text="依规不能装")
        officer = city.street.appointments.get(post=Post.OFFICER).user
        step(consents.consent_explained, row, MONDAY + 2 * DAY, officer)
        found = figures()
        assert (found.accepted, found.to_resolve, found.done, found.explained) == (4, 3, 2, 1)
        assert (found.completion_rate, found.punctual_rate) == (2 / 3, 1 / 2)

    def test_parts_and_what_staff_filed_are_not_in_the_rates(self, city: City) -> None:
        row = begun(city)
        step(splitting.split, row, MONDAY + DAY, city.home.secretary, parts=["甲", "乙"])
        asked(city, by=city.home.secretary, without_phone="郑阿婆")
        found = figures()
        assert (found.submitted, found.own, found.filed_by_staff) == (2, 1, 1)
        assert (found.answer_due, found.to_resolve) == (1, 1)

    def test_those_merged_together_count_once_each(self, city: City) -> None:
        main, child = begun(city), asked(city)
        step(merging.merge, child, MONDAY + 2 * HOUR, city.home.secretary, target=main)
        resolve = {"outcome": Outcome.SOLVED, "text": "一起修好了"}
        step(workflow.resolve, main, MONDAY + DAY, city.home.secretary, **resolve)
        found = figures()
        assert (found.own, found.answered_in_time, found.done, found.done_in_time) == (2, 2, 2, 2)

    def test_the_unrated_stand_beside_the_rates(self, city: City) -> None:
        rows = [done(city, DAY) for _ in range(3)]
        for row, stars in zip(rows, (5, 2), strict=False):
            judged = {"contacted": True, "solved": stars > 2, "satisfied": stars}
            step(afterwards.rate, row, MONDAY + 2 * DAY, row.submitter, **judged)
        found = figures()
        assert (found.rated, found.unrated, found.resolution_rate, found.satisfaction_rate) == (
            2,
            1,
            0.5,
            0.5,
        )

    def test_a_reopened_one_is_not_done(self, city: City) -> None:
        row = done(city, DAY)
        step(afterwards.reopen, row, MONDAY + 2 * DAY, row.submitter, reason="又坏了")
        assert (figures().to_resolve, figures().done) == (1, 0)

    def test_parts_never_lie_beyond_their_whole(self, city: City) -> None:
        """Every share's part is a part of its whole, row by row."""
        for row in (done(city, DAY), done(city, 30 * DAY), begun(city), asked(city)):
            assert row.pk
        at = LATER
        pairs = [
            *[("contact_in_time", "contact_due"), ("answered_in_time", "answer_due"), ("done", "to_resolve")],
            *[
                ("done_in_time", "done"),
                ("solved", "rated"),
                ("satisfied", "rated"),
                ("to_resolve", "accepted"),
            ],
        ]
        where = conditions(at)
        for part, whole in pairs:
            rows = ServiceRequest.objects
            inside = set(rows.filter(where[whole]).values_list("pk", flat=True))
            assert set(rows.filter(where[part]).values_list("pk", flat=True)) <= inside, part
        assert {"answered_late", "done_late", "explained"} <= where.keys()


class TestTimes:
    def test_median_and_nine_of_ten_by_hand(self, city: City) -> None:
        spans = [2 * HOUR, 5 * HOUR, 26 * HOUR, 50 * HOUR]
        for span in spans:
            row = done(city, span)
            ServiceRequest.objects.filter(pk=row.pk).update(contacted_at=F("submitted_at") + span / 2)
        begun(city)  # neither contacted nor resolved
        found = times_of(ServiceRequest.objects.all())
        assert (found.contacts, found.resolutions) == (4, 4)
        assert found.resolve_median == pytest.approx((5 + 26) / 2)
        assert found.resolve_p90 == pytest.approx(26 + (50 - 26) * 0.7)
        assert found.contact_median == pytest.approx((5 + 26) / 4)
        assert found.contact_p90 == pytest.approx((26 + (50 - 26) * 0.7) / 2)

    def test_nothing_to_measure(self, city: City) -> None:
        found = times_of(ServiceRequest.objects.all())
        assert (found.contacts, found.contact_median, found.resolve_p90) == (0, None, None)

    def test_staff_filed_and_parts_are_left_out_and_groups_kept_apart(self, city: City) -> None:
        one, other = a_category("repair"), a_category("clean", name="卫生")
        done(city, 3 * HOUR, category=one)
        done(city, 9 * HOUR, category=other)
        whole = begun(city, category=one)
        part = splitting.split(whole, by=city.home.secretary, parts=["甲"])[0]
        ServiceRequest.objects.filter(pk=part.pk).update(resolved_at=part.submitted_at + DAY)
        found = times_by(ServiceRequest.objects.all(), "category_id")
        assert found[one.pk].resolve_median == pytest.approx(3)
        assert found[other.pk].resolve_p90 == pytest.approx(9)

    @pytest.mark.parametrize(
        ("values", "share", "wanted"),
        [([], 0.5, None), ([7], 0.9, 7), ([1, 3], 0.5, 2), ([3, 1, 2], 0.5, 2), ([0, 10], 0.9, 9)],
    )
    def test_between_two_values(self, values: list[float], share: float, wanted: float | None) -> None:
        assert percentile(values, share) == wanted


def test_months_are_those_of_the_city(city: City) -> None:
    asked(city, datetime(2026, 10, 31, 23, 30, tzinfo=CHINA))
    asked(city, datetime(2026, 11, 1, 0, 30, tzinfo=CHINA))
    found = figures_by(ServiceRequest.objects.all(), TruncMonth("submitted_at"), LATER)
    assert sorted((key.month, each.own) for key, each in found.items()) == [(10, 1), (11, 1)]  # type: ignore[attr-defined]
    times = times_by(ServiceRequest.objects.all(), TruncMonth("submitted_at"))
    assert set(times) <= set(found)
    assert submitted_between(ServiceRequest.objects.all(), MONDAY - DAY, MONDAY).count() == 0


class TestUnits:
    def test_dispatches_marks_and_the_requests_it_led(self, city: City) -> None:
        unit, officer = a_unit(city, "供电所"), a_user("承办人")
        appoint(officer, Post.CASE_OFFICER, unit)
        row = self.answered(city, unit, officer, marks=(5, 4, 3))
        step(
            workflow.resolve,
            row,
            MONDAY + 3 * DAY,
            city.home.secretary,
            outcome=Outcome.SOLVED,
            text="修好了",
        )
        judged = {"contacted": True, "solved": True, "satisfied": 5}
        step(afterwards.rate, row, MONDAY + 4 * DAY, row.submitter, **judged)
        returned = self.sent(city, unit)
        step(dispatching.give_back, returned, MONDAY + 2 * HOUR, officer, reason="不归我们管")
        self.sent(city, unit)  # nobody looks at it
        found = units_of(ServiceRequest.objects.all(), MONDAY, MONDAY + DAY, LATER)[unit.pk]
        assert (found.sent, found.sign_due, found.signed_in_time) == (3, 2, 1)
        assert (found.answer_due, found.answered_in_time) == (2, 1)
        assert (found.returned, found.rejected, found.marked) == (1, 1, 1)
        assert (found.timely, found.effective, found.attitude) == (5, 4, 3)
        assert (found.led.own, found.led.rated, found.led.resolution_rate) == (2, 1, 1.0)

    def test_a_request_that_a_unit_led_twice_counts_once(self, city: City) -> None:
        unit, officer = a_unit(city, "供电所"), a_user("承办人")
        appoint(officer, Post.CASE_OFFICER, unit)
        row = self.answered(city, unit, officer, marks=(5, 5, 5))
        self.send(city, row, unit)
        found = units_of(ServiceRequest.objects.all(), MONDAY, MONDAY + 9 * DAY, LATER)[unit.pk]
        assert (found.sent, found.led.own, found.led.submitted) == (2, 1, 1)
        assert units_of(ServiceRequest.objects.all(), LATER, LATER + DAY, LATER) == {}

    def send(self, city: City, row: ServiceRequest, unit: Any) -> Any:
        with clock.at(MONDAY + HOUR + timedelta(minutes=5)):
            return dispatching.dispatch(row, by=city.home.secretary, text="去修", unit=unit)

    def sent(self, city: City, unit: Any) -> Any:
        return self.send(city, begun(city), unit)

    def answered(self, city: City, unit: Any, officer: Any, marks: tuple[int, int, int]) -> ServiceRequest:
        row = begun(city)
        dispatch = self.send(city, row, unit)
        step(dispatching.sign, dispatch, MONDAY + 2 * HOUR, officer)
        step(dispatching.answer, dispatch, MONDAY + 3 * HOUR, officer, text="修了")
        step(dispatching.reject, dispatch, MONDAY + 4 * HOUR, city.home.secretary, reason="没亮")
        step(dispatching.answer, dispatch, MONDAY + DAY, officer, text="又修了")
        given = dict(zip(("timely", "effective", "attitude"), marks, strict=True))
        step(dispatching.confirm, dispatch, MONDAY + 2 * DAY, city.home.secretary, **given)
        return row
