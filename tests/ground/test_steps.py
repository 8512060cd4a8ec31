"""The step engine by itself (RULES 0), on the lamps of tests/lamps."""

import threading

import pytest
from django.db import connection, connections

from accounts.models import User
from ground.errors import NoPower, RuleViolation
from ground.history import AppendOnlyError
from tests.lamps.models import LAMPS, Lamp, LampEvent, Room, lamp_moved, light

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper() -> User:
    return User.objects.create_user("19900000001", "守灯人")


@pytest.fixture
def passer_by() -> User:
    return User.objects.create_user("19900000002", "路人")


@pytest.fixture
def lamp(keeper: User) -> Lamp:
    with LAMPS.begin("hang", by=keeper) as move:
        move.thing = Lamp(room=Room.objects.create(name="楼道"), keeper=keeper)
    return move.thing


@pytest.fixture
def news():
    heard = []

    def hear(sender, move, **kwargs):
        heard.append((move.step.name, move.source, move.target, connection.in_atomic_block))

    lamp_moved.connect(hear)
    yield heard
    lamp_moved.disconnect(hear)


def names(steps) -> list[str]:
    return [step.name for step in steps]


def test_a_step_changes_the_row_writes_an_event_and_brings_news_inside_the_transaction(lamp, keeper, news):
    light(lamp, by=keeper)
    assert (lamp.state, lamp.times_lit) == (Lamp.State.ON, 1)
    stored = Lamp.objects.get()
    assert (stored.state, stored.times_lit, stored.room.switched) == (Lamp.State.ON, 1, 1)
    event = stored.events.last()
    assert (event.step, event.source, event.target, event.by) == ("light", "off", "on", keeper)
    assert event.codes == {"colour": "warm"}
    assert news == [("light", "off", "on", True)]


def test_the_creating_step_writes_the_first_event(lamp, keeper):
    event = lamp.events.get()
    assert (event.step, event.source, event.target, event.by) == ("hang", "", "off", keeper)


def test_a_step_that_leads_nowhere_still_leaves_an_event(lamp, passer_by):
    with LAMPS.take("dust", lamp, by=passer_by):
        pass
    assert lamp.state == Lamp.State.OFF
    assert lamp.events.last().step == "dust"


def test_without_the_power_nothing_happens(lamp, passer_by):
    with pytest.raises(NoPower):
        light(lamp, by=passer_by)
    assert Lamp.objects.get().times_lit == 0
    assert LampEvent.objects.count() == 1


def test_from_the_wrong_state_the_refusal_names_the_state(lamp, keeper):
    light(lamp, by=keeper)
    with pytest.raises(RuleViolation) as refusal:
        light(lamp, by=keeper)
    assert "“亮”" in refusal.value.sentence and "点灯" in refusal.value.sentence


def test_a_stale_copy_is_judged_by_what_the_database_says(lamp, keeper):
    stale = Lamp.objects.get()
    light(lamp, by=keeper)
    with pytest.raises(RuleViolation):
        light(stale, by=keeper)
    assert Lamp.objects.get().times_lit == 1


def test_a_guard_refuses_with_its_own_sentence_and_the_offer_carries_it(lamp, keeper):
    Lamp.objects.update(is_unplugged=True)
    lamp.refresh_from_db()
    offer = next(offer for offer in LAMPS.offers(keeper, lamp) if offer.step.name == "light")
    assert offer.why_not == "灯没插电，请先插上。"
    assert "light" not in names(LAMPS.steps_open_to(keeper, lamp))
    with pytest.raises(RuleViolation, match="灯没插电"):
        light(lamp, by=keeper)


def test_nobody_takes_an_impartial_step_on_what_is_his_own(lamp, keeper, passer_by):
    light(lamp, by=keeper)
    assert "inspect" not in names(LAMPS.steps_open_to(keeper, lamp))
    assert "inspect" in names(LAMPS.steps_open_to(passer_by, lamp))
    with pytest.raises(RuleViolation), LAMPS.take("inspect", lamp, by=keeper):
        pass


def test_steps_of_the_clock_are_offered_to_nobody_and_taken_by_none(lamp, keeper):
    light(lamp, by=keeper)
    assert "burn_out" not in names(LAMPS.steps_open_to(keeper, lamp))
    with LAMPS.take("burn_out", lamp, by=None):
        pass
    assert lamp.state == Lamp.State.BROKEN
    assert lamp.events.last().by is None


def test_an_error_in_the_verb_undoes_everything(lamp, keeper, news):
    with pytest.raises(ZeroDivisionError), LAMPS.take("light", lamp, by=keeper) as move:
        move.thing.times_lit = 1 // 0
    assert Lamp.objects.get().state == Lamp.State.OFF
    assert news == [] and LampEvent.objects.count() == 1


def test_a_receiver_that_refuses_undoes_the_step(lamp, keeper):
    def refuse(sender, move, **kwargs):
        raise RuleViolation("楼上不同意。")

    lamp_moved.connect(refuse)
    try:
        with pytest.raises(RuleViolation, match="楼上"):
            light(lamp, by=keeper)
    finally:
        lamp_moved.disconnect(refuse)
    assert Lamp.objects.get().state == Lamp.State.OFF


def test_a_row_that_has_gone_is_a_refusal_not_a_crash(lamp, keeper):
    Lamp.objects.filter(pk=lamp.pk).delete()
    with pytest.raises(RuleViolation, match="不在了"):
        light(lamp, by=keeper)


def test_history_is_never_changed(lamp):
    event = lamp.events.get()
    event.step = "other"
    with pytest.raises(AppendOnlyError):
        event.save()
    with pytest.raises(AppendOnlyError):
        event.delete()
    with pytest.raises(AppendOnlyError):
        LampEvent.objects.update(step="other")
    with pytest.raises(AppendOnlyError):
        LampEvent.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_act_at_once_exactly_one_wins(lamp, keeper):
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def act() -> None:
        mine = Lamp.objects.get(pk=lamp.pk)
        start.wait()
        try:
            light(mine, by=keeper)
            outcomes.append("won")
        except RuleViolation:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 7 + ["won"]
    lamp.refresh_from_db()
    assert lamp.times_lit == 1 and lamp.room.switched == 1
    assert lamp.events.filter(step="light").count() == 1
