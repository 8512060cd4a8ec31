"""派单 (RULES 3): sending, the lead and the assistants, grades, and what the recipient does."""

from datetime import date, datetime, timedelta

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations import appointments
from organizations.posts import Post
from requests import dispatching, workflow
from requests.models import Dispatch, Hold
from requests.states import DispatchState, Grade, State
from tests.factories import a_city, a_unit, a_user, appoint
from tests.workflow import CHINA, FRIDAY, a_photo, accepted, filed
from tests.workflow import steps_of as request_steps
from tests.workflow.dispatched import a_department, again, answered, officer_of, sent, signed, steps_of

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=CHINA)


@pytest.fixture
def city():
    with clock.at(FRIDAY - timedelta(days=30)):
        return a_city()


def keys(service_request):
    return set(service_request.holds.values_list("key", flat=True))


def test_sending_holds_the_request_and_starts_the_clocks(city):
    with clock.at(FRIDAY):
        row = sent(city)
    request = row.service_request
    assert (row.state, row.grade, row.is_lead) == (DispatchState.SENT, Grade.WORK, True)
    assert row.sign_due == datetime(2026, 11, 23, 18, tzinfo=CHINA)  # one working day
    assert row.arrive_due == datetime(2026, 11, 25, 18, tzinfo=CHINA)  # within three
    assert row.answer_due == request.resolve_due and row.due == row.sign_due
    assert keys(request) == {f"dispatch:{row.pk}"}
    assert again(row).service_request.state == State.IN_PROGRESS
    assert request_steps(request)[-1] == "dispatch" and steps_of(row) == ["send"]
    assert request.events.last().codes == {"dispatch": row.pk}


def test_a_request_with_a_dispatch_out_is_not_resolved(city):
    row = sent(city)
    with pytest.raises(RuleViolation, match="还没核销"):
        workflow.resolve(row.service_request, by=city.home.secretary, outcome="solved", text="好了")


def test_the_first_one_leads_and_the_others_assist(city):
    lead = sent(city)
    helping = sent(city, service_request=lead.service_request)
    assert (lead.is_lead, helping.is_lead) == (True, False)
    with pytest.raises(RuleViolation, match="已有主办单位"):
        sent(city, service_request=lead.service_request, is_lead=True)
    assert len(keys(lead.service_request)) == 2


def test_nobody_is_sent_the_same_twice_but_again_after_it_ended(city):
    row = sent(city)
    with pytest.raises(RuleViolation, match="还没有办完"):
        sent(city, row.unit, row.service_request)
    dispatching.recall(row, by=city.home.secretary, reason="写错了")
    assert sent(city, row.unit, row.service_request).state == DispatchState.SENT


def test_a_unit_without_a_case_officer_is_not_sent_anything(city):
    empty, (left, officer) = a_unit(city), a_department(city)
    for held in officer.appointments.all():
        appointments.end(held, by=None)
    for unit in (empty, left):
        with pytest.raises(RuleViolation, match="还没有承办人，请先请区里任命") as refusal:
            sent(city, unit)
        assert refusal.value.field == "unit"
    deserted = city.street
    with pytest.raises(RuleViolation, match="还没有工作人员") as refusal:
        sent(city, organization=deserted)
    assert refusal.value.field == "organization"
    assert not Dispatch.objects.exists()


def test_only_units_and_organizations_of_the_district_that_stand(city):
    elsewhere = a_city("浈江")
    unit, _ = a_department(elsewhere)
    closed, _ = a_department(city)
    closed.closed_at = clock.now()
    closed.save()
    row = accepted(city)
    for wrong, said in ((unit, "本区"), (closed, "已经撤销")):
        with pytest.raises(RuleViolation, match=said):
            sent(city, wrong, row)
    for place, said in ((elsewhere.home, "本区"), (city.home, "自办")):
        with pytest.raises(RuleViolation, match=said):
            sent(city, service_request=row, organization=place.organization)
    with pytest.raises(RuleViolation, match="请派给街道"):
        sent(city, service_request=row, organization=city.home.grid.branch)
    with pytest.raises(RuleViolation, match="选一个单位"):
        dispatching.dispatch(row, by=city.home.secretary, text="请处理")
    assert not Hold.objects.exists()


def test_only_the_handler_sends_and_only_what_is_accepted(city):
    row, (unit, officer) = accepted(city), a_department(city)
    for stranger in (officer, city.next_door.secretary, a_user()):
        with pytest.raises(NoPower):
            sent(city, unit, row, by=stranger)
    with pytest.raises(RuleViolation, match="待受理"):
        sent(city, unit, filed(city))


def test_who_wants_an_answer_sooner_wants_it_signed_by_then(city):
    with clock.at(FRIDAY):
        row = sent(city, answer_by=FRIDAY.date())
    assert row.answer_due == datetime(2026, 11, 20, 18, tzinfo=CHINA)
    assert row.sign_due == row.due == row.answer_due


def test_the_hard_grade_belongs_to_the_street_and_above(city):
    row, (unit, _), officer = accepted(city), a_department(city), a_user("街道干部")
    appoint(officer, Post.OFFICER, city.street)
    with pytest.raises(RuleViolation, match="街道") as refusal:
        sent(city, unit, row, grade=Grade.HARD)
    assert refusal.value.field == "grade"
    with clock.at(FRIDAY):
        workflow.VERBS["escalate"](row, by=city.home.secretary, reason="管不了")
        hard = sent(city, unit, row, grade=Grade.HARD, by=officer)
    assert hard.sign_due == FRIDAY + timedelta(hours=1)
    assert hard.contact_due == FRIDAY + timedelta(hours=24)
    assert hard.arrive_due == datetime(2026, 11, 27, 18, tzinfo=CHINA)


def test_the_day_of_the_answer_is_not_before_today(city):
    row, (unit, _) = accepted(city), a_department(city)
    with clock.at(FRIDAY), pytest.raises(RuleViolation, match="不能早于") as refusal:
        sent(city, unit, row, answer_by=date(2026, 11, 19))
    assert refusal.value.field == "answer_by"
    with clock.at(FRIDAY):
        early = sent(city, unit, row, answer_by=date(2026, 11, 20))
    assert early.answer_due == datetime(2026, 11, 20, 18, tzinfo=CHINA)


# The recipient


def test_the_officers_of_the_unit_sign_and_nobody_else(city):
    row, (_, other) = sent(city), a_department(city)
    for stranger in (other, city.home.secretary, city.next_door.secretary):
        with pytest.raises(NoPower):
            dispatching.sign(row, by=stranger)
    dispatching.sign(row, by=officer_of(row))
    assert (row.state, row.signed_at is not None) == (DispatchState.ACCEPTED, True)
    with pytest.raises(RuleViolation, match="办理中"):
        dispatching.sign(row, by=officer_of(row))


def test_the_staff_of_an_organization_answer_for_it(city):
    row = sent(city, organization=city.next_door.organization)
    dispatching.sign(row, by=city.next_door.secretary)
    with pytest.raises(NoPower):
        dispatching.answer(row, by=city.home.secretary, text="好了")
    dispatching.answer(row, by=city.next_door.secretary, text="好了")
    assert again(row).state == DispatchState.ANSWERED


def test_a_contact_feeds_the_clock_of_the_request_too(city):
    with clock.at(FRIDAY):
        row = signed(city)
        dispatching.contact(row, by=officer_of(row), how="phone", text="约了明天")
    request = again(row).service_request
    assert row.contacted_at == request.contacted_at is not None
    said = request.events.get(step="contact")
    assert said.codes == {"how": "phone", "is_first": True, "dispatch": row.pk}
    assert said.note.text == "约了明天"
    dispatching.contact(row, by=officer_of(row), how="visit")
    second = request.events.filter(step="contact").last()
    assert second.codes["is_first"] is False and again(row).contacted_at == row.contacted_at


def test_arriving_is_written_once_and_the_next_due_comes_up(city):
    with clock.at(FRIDAY):
        row = signed(city)
    assert row.due == row.arrive_due
    dispatching.arrive(row, by=officer_of(row))
    assert row.arrived_at is not None and row.due == row.answer_due
    with pytest.raises(RuleViolation, match="已经登记过到场"):
        dispatching.arrive(row, by=officer_of(row))


def test_an_answer_needs_words_and_brings_photos(city):
    row = signed(city)
    with pytest.raises(RuleViolation, match="请写下怎么办的"):
        dispatching.answer(row, by=officer_of(row), text="  ")
    dispatching.answer(row, by=officer_of(row), text="换了", photos=[a_photo()])
    assert row.state == DispatchState.ANSWERED and row.due is None
    event = row.events.get(step="answer")
    assert event.note.text == "换了" and event.photos.count() == 1


def test_what_is_not_signed_cannot_be_answered(city):
    row = sent(city)
    for verb in (dispatching.arrive, lambda row, by: dispatching.answer(row, by=by, text="好了")):
        with pytest.raises(RuleViolation, match="待签收"):
            verb(row, by=officer_of(row))


def test_what_is_one_s_own_is_answered_by_a_colleague(city):
    unit, officer = a_department(city)
    colleague = a_user("同事")
    appoint(colleague, Post.CASE_OFFICER, unit)
    row = sent(city, unit, accepted(city, by=officer))
    with pytest.raises(RuleViolation, match="自己的事项"):
        dispatching.sign(row, by=officer)
    dispatching.sign(row, by=colleague)


def test_an_answered_dispatch_is_not_taken_back(city):
    row = answered(city)
    with pytest.raises(RuleViolation, match="已回复"):
        dispatching.recall(row, by=city.home.secretary, reason="不用了")


def test_the_first_of_the_working_day_is_monday(city):
    """A window that begins on a Friday is open over the weekend and until Monday evening."""
    with clock.at(FRIDAY):
        row = sent(city)
    assert row.give_back_until == datetime(2026, 11, 23, 18, tzinfo=CHINA)
    with clock.at(MONDAY.replace(hour=18, minute=1)), pytest.raises(RuleViolation, match="超过退回的期限"):
        dispatching.give_back(row, by=officer_of(row), reason="不归我们管")
    with clock.at(MONDAY.replace(hour=17, minute=59)):
        dispatching.give_back(row, by=officer_of(row), reason="不归我们管")
    assert row.state == DispatchState.RETURNED
