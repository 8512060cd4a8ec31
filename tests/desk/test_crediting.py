"""接单认定 and 报到: one tap for what is clear, a reason for the rest; a grid for whoever comes."""

from datetime import timedelta

import pytest
from django.urls import reverse

from grids.models import Home
from ground import clock
from tests.desk.scenes import open_page, queries_of, secretary_of
from tests.factories import City, a_grid_worker, a_member, a_user
from tests.signing_in import strong_client, weak_client
from tests.volunteers import scenes
from volunteers import registry
from volunteers.models import Claim, LedgerEntry, Registration
from volunteers.states import ClaimState, RegistrationState, VolunteerKind

pytestmark = pytest.mark.django_db
CREDITING, REGISTRATIONS = "/desk/crediting/", "/desk/registrations/"
AFTERWARDS = scenes.EVENING + timedelta(hours=3)


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def attended(city: City, **extra: object) -> Claim:
    return scenes.attended(scenes.a_whistle(city.home), scenes.a_volunteer(city), **extra)  # type: ignore[arg-type]


def credit_url(claim: Claim) -> str:
    return reverse("desk:credit", args=[claim.pk])


def test_evidence_is_shown_and_one_tap_credits_what_is_proposed(city: City) -> None:
    claim, client = attended(city, late=10), secretary_of(city)
    with clock.at(AFTERWARDS):
        page = open_page(client, CREDITING)
        assert "1 人等你认定时长" in page and "认定 50 分钟" in page and "离地点 0 米" in page
        client.post(credit_url(claim), {"minutes": 50})
    claim.refresh_from_db()
    assert claim.state == ClaimState.CREDITED
    assert LedgerEntry.objects.get().minutes == 50


def test_other_minutes_need_a_reason_which_is_asked_for_at_its_field(city: City) -> None:
    claim, client = attended(city), secretary_of(city)
    with clock.at(AFTERWARDS):
        refused = client.post(credit_url(claim), {"minutes": 30})
        assert refused.status_code == 200 and "请写明理由" in refused.content.decode()
        client.post(credit_url(claim), {"minutes": 30, "reason": "中途离开"})
    assert LedgerEntry.objects.get().reason == "中途离开"


def test_a_forgotten_check_out_is_said_and_not_credited_with_the_clear_ones(city: City) -> None:
    whistle = scenes.a_whistle(city.home)
    clear = scenes.attended(whistle, scenes.a_volunteer(city))
    forgotten = scenes.attended(whistle, scenes.a_volunteer(city), leaves=False)
    client = secretary_of(city)
    with clock.at(AFTERWARDS):
        assert "忘记签退" in open_page(client, CREDITING)
        client.post("/desk/crediting/clear/", {"claim": [clear.pk, forgotten.pk, "x"]})
    clear.refresh_from_db()
    forgotten.refresh_from_db()
    assert (clear.state, forgotten.state) == (ClaimState.CREDITED, ClaimState.CHECKED_IN)


def test_nobody_credits_himself(city: City) -> None:
    volunteer = scenes.a_volunteer(city)
    from tests.factories import appoint

    appoint(volunteer.user, "community_worker", city.home.organization)
    claim = scenes.attended(scenes.a_whistle(city.home), volunteer)
    with clock.at(AFTERWARDS):
        refused = strong_client(volunteer.user).post(credit_url(claim), {"minutes": 60})
    assert "这是你自己的事项" in refused.content.decode()
    assert not LedgerEntry.objects.exists()


def test_outsiders_find_neither_claims_nor_registrations(city: City) -> None:
    claim = attended(city)
    for user, status in ((city.next_door.secretary, 404), (a_grid_worker(city.home), 404)):
        assert strong_client(user).post(credit_url(claim), {"minutes": 60}).status_code == status
    assert weak_client(city.home.secretary).get(CREDITING).status_code == 302
    assert weak_client(city.home.secretary).get(REGISTRATIONS).status_code == 302
    assert strong_client(a_user("居民")).get(REGISTRATIONS).status_code == 404


def a_registration(city: City, name: str = "王建国") -> Registration:
    member = a_member(city, name=name)
    Home.objects.create(member=member, building=city.home.building)
    volunteer = registry.enrol(
        user=member.user, kind=VolunteerKind.EMPLOYED, member=member, district=city.district
    )
    return registry.choose(volunteer, by=member.user, community=city.home.organization)


def test_a_registration_is_confirmed_into_the_proposed_grid(city: City) -> None:
    registration, client = a_registration(city), secretary_of(city)
    page = open_page(client, REGISTRATIONS)
    assert "1 人等你确认报到" in page and "王建国" in page
    assert f'<option value="{city.home.grid.pk}" selected>' in page
    url = reverse("desk:confirm", args=[registration.pk])
    client.post(url, {f"r{registration.pk}-grid": city.home.grid.pk})
    registration.refresh_from_db()
    assert (registration.state, registration.grid) == (RegistrationState.CONFIRMED, city.home.grid)


def test_the_grid_of_another_community_is_refused(city: City) -> None:
    registration = a_registration(city)
    url = reverse("desk:confirm", args=[registration.pk])
    data = {f"r{registration.pk}-grid": city.next_door.grid.pk}
    assert secretary_of(city).post(url, data).status_code == 200
    assert strong_client(city.next_door.secretary).post(url, data).status_code == 404
    registration.refresh_from_db()
    assert registration.state == RegistrationState.REQUESTED


def test_both_lists_cost_the_same_however_long(city: City) -> None:
    client, whistle = secretary_of(city), scenes.a_whistle(city.home, places_max=30)
    scenes.attended(whistle, scenes.a_volunteer(city))
    a_registration(city)
    with clock.at(AFTERWARDS):
        few = [queries_of(client, url) for url in (CREDITING, REGISTRATIONS)]
    for number in range(10):
        scenes.attended(whistle, scenes.a_volunteer(city))
        a_registration(city, f"党员{number}号")
    with clock.at(AFTERWARDS):
        assert [queries_of(client, url) for url in (CREDITING, REGISTRATIONS)] == few
    assert max(few) <= 10
