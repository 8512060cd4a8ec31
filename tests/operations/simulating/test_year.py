import random
from collections import defaultdict
from dataclasses import replace
from datetime import datetime

import pytest
from django.db import transaction
from django.db.models import Count, Q

from accounts.models import User
from ground import clock
from notifications.models import FanOut, Message, Outgoing
from operations.simulating import land, signins, year
from operations.simulating.copying import Writer
from operations.simulating.helping import Way, path_of
from operations.simulating.presets import SHAOGUAN, Preset
from operations.simulating.year import Lived
from organizations.models import Appointment
from organizations.posts import Post
from requests.models import ServiceRequest
from requests.proving import faults
from requests.states import OPEN, State
from volunteers.accounting.ledger_proof import findings
from volunteers.models import Claim, LedgerEntry, Registration, Whistle
from volunteers.states import LIVE, ClaimState, RegistrationState, WhistleState

NOW = datetime.fromisoformat("2026-11-30T15:40:00+08:00")
PLACE = replace(
    SHAOGUAN.scaled(0.01),
    third_grids=12,
    groups=12,
    buildings=12,
    units=20,
    members=60,
    whistles=40,
    participations=300,
    hours=800,
    requests=60,
)
pytestmark = pytest.mark.django_db


def lived(preset: Preset = PLACE, *, seed: int = 1, requests: int = 0) -> Lived:
    writer = Writer()
    with clock.at(NOW):
        ground = land.lay_out(preset, [], random.Random(seed), writer)
        return year.live(ground, writer, seed, requests=requests, now=NOW)


def test_the_published_figures_are_exact_and_what_was_written_proves_itself():
    told = lived()
    done = Whistle.objects.filter(state=WhistleState.DONE)
    solved = ServiceRequest.objects.filter(state__in=(State.RESOLVED, State.CLOSED)).exclude(outcome="")
    assert told.members == Registration.objects.filter(state=RegistrationState.CONFIRMED).count() == 60
    assert told.held.held == done.count() == 40
    assert told.held.participations == Claim.objects.filter(state=ClaimState.CREDITED).count() == 300
    assert told.asked.solved == solved.count() == 60
    assert told.held.minutes == sum(LedgerEntry.objects.values_list("minutes", flat=True))
    assert 780 * 60 < told.held.minutes < 820 * 60
    assert list(findings()) == []
    with clock.at(NOW):
        assert [sentence for row in ServiceRequest.objects.all() for sentence in faults(row)] == []


def test_members_stand_in_one_grid_of_their_community():
    lived()
    for row in Registration.objects.select_related("grid", "volunteer__member__unit"):
        assert row.grid is not None and row.grid.tier == 2
        assert row.grid.community_id == row.community_id
        assert row.volunteer.member.unit.district_id == row.district_id
        assert [event.step for event in row.events.order_by("id")][-1] == "confirm"
    assert {row.choice for row in Registration.objects.all()} == {0, 1}


def test_nobody_is_at_two_places_and_no_whistle_has_more_claims_than_places():
    lived()
    windows = defaultdict(list)
    for claim in Claim.objects.filter(state__in=LIVE).select_related("whistle"):
        windows[claim.volunteer_id].append((claim.whistle.starts_at, claim.whistle.ends_at))
    for some in windows.values():
        ordered = sorted(some)
        assert all(one[1] <= other[0] for one, other in zip(ordered, ordered[1:], strict=False))
    live = Count("claims", filter=Q(claims__state__in=LIVE))
    assert [each for each in Whistle.objects.annotate(n=live) if each.n > each.places_max] == []


def test_nobody_serves_before_he_is_registered_or_judges_himself():
    lived()
    since = dict(Registration.objects.values_list("volunteer_id", "confirmed_at"))
    for claim in Claim.objects.select_related("volunteer"):
        assert since[claim.volunteer_id] < claim.claimed_at
    for entry in LedgerEntry.objects.select_related("volunteer"):
        assert entry.by_id != entry.volunteer.user_id
        assert Appointment.objects.filter(user=entry.by_id, organization=entry.community_id).exists()


def test_steps_of_requests_are_taken_by_those_who_may():
    """The community, its street, its district, the units that were asked, the submitter, the clock."""
    lived(requests=120)
    assert ServiceRequest.objects.count() == 120
    seats = defaultdict(set)
    for user, node in Appointment.objects.filter(organization__isnull=False).values_list(
        "user", "organization"
    ):
        seats[user].add(node)
    for row in ServiceRequest.objects.prefetch_related("events", "dispatches"):
        above = {row.community_id, row.street_id, row.district_id}
        for event in row.events.all():
            if event.step in ("accept", "decline", "handle", "dispatch", "escalate", "resolve", "merge"):
                assert seats[event.by_id] & above, event
                assert event.by_id != row.asker_id


def test_some_lie_open_a_few_of_them_too_long_and_some_were_seen_by_the_community_itself():
    lived(requests=300)
    with clock.at(NOW):
        assert 0 < ServiceRequest.objects.overdue().count() <= ServiceRequest.objects.open().count() < 60
    assert ServiceRequest.objects.filter(state__in=OPEN).exists()
    proactive = ServiceRequest.objects.filter(source="proactive")
    assert proactive.exists() and not proactive.exclude(contact_due=None).exists()
    assert ServiceRequest.objects.exclude(merged_into=None, events__step="merge").exists()


def test_nobody_is_told_of_the_past():
    lived()
    assert not (Message.objects.exists() or FanOut.objects.exists() or Outgoing.objects.exists())


def test_the_same_seed_and_moment_give_the_same_rows():
    def drawn() -> list[object]:
        lived()
        asked = ServiceRequest.objects.order_by("submitted_at", "title").values_list("submitted_at", "title")
        came = Claim.objects.order_by("claimed_at", "state").values_list("claimed_at", "state")
        return [*asked, *came, *User.objects.order_by("phone_index").values_list("phone_index", "name")]

    found = []
    for _ in range(2):
        with transaction.atomic():
            found.append(drawn())
            transaction.set_rollback(True)
    assert found[0] == found[1]


def test_there_is_a_sign_in_for_every_role():
    lived()
    found = signins.sign_ins()
    assert [each.role for each in found] == list(signins.ROLES)
    for each in found:
        user = User.objects.with_phone(each.phone)
        assert user is not None and user.name == each.name and user.check_password(each.password)
    district = User.objects.with_phone(signins.phone_of(signins.DISTRICT))
    assert Appointment.objects.get(user=district).post == Post.OFFICER


def test_a_place_that_published_no_whistles_has_none():
    told = lived(replace(PLACE, whistles=0, participations=0, hours=0))
    assert (told.held.held, Whistle.objects.count()) == (0, 0)


def test_a_way_that_the_table_does_not_know_is_refused(monkeypatch):
    assert [target for _, _, target in path_of(Way.SERVED)][-1] == "credited"
    monkeypatch.setattr(Way.SERVED, "_value_", ("claim", "credit", "check_in"))
    with pytest.raises(RuntimeError, match="check_in is not open"):
        path_of(Way.SERVED)
