"""接单认定 and 报到: one tap for what is clear, a reason for the rest; a grid for whoever comes."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from grids.models import Home
from ground import clock
from tests.desk.scenes import open_page, queries_of, secretary_of
from tests.factories import City, a_grid_worker, a_member, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.volunteers import scenes
from tests.workflow import a_photo
from volunteers.accounting import crediting
from volunteers.claiming import wishes
from volunteers.joining import registry
from volunteers.models import CheckMark, Claim, LedgerEntry, Registration, Volunteer
from volunteers.presence import attendance
from volunteers.states import Attested, ClaimState, RegistrationState, VolunteerKind
from volunteers.whistling import whistles

pytestmark = pytest.mark.django_db
CREDITING, REGISTRATIONS = "/desk/crediting/", "/desk/registrations/"
JUDGED, ATTESTING = "/desk/crediting/judged/", "/desk/attesting/"
AFTERWARDS = scenes.EVENING + timedelta(hours=3)


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def attended(city: City, **extra: object) -> Claim:
    return scenes.attended(scenes.a_whistle(city.home), scenes.a_volunteer(city), **extra)  # type: ignore[arg-type]


def judge(client: Client, do: object, *claims: Claim, **fields: object) -> HttpResponse:
    """What the page sends: every claim it shows, the button, and the fields as `c7_step=...`."""
    data = {"claim": [claim.pk for claim in claims], "do": str(do)}
    named = {name.replace("_", "-", 1): value for name, value in fields.items()}
    return client.post(CREDITING, {**data, **named})


def states_of(*claims: Claim) -> list[str]:
    return [Claim.objects.get(pk=claim.pk).state for claim in claims]


def test_evidence_is_shown_and_one_tap_credits_what_is_proposed(city: City) -> None:
    claim, client = attended(city, late=10), secretary_of(city)
    with clock.at(AFTERWARDS):
        page = open_page(client, CREDITING)
        assert "1 人等你认定时长" in page and "认定 50 分钟" in page and "离地点 0 米" in page
        assert judge(client, claim.pk, claim).status_code == 302
        judge(client, claim.pk, claim)  # a second tap
    assert states_of(claim) == [ClaimState.CREDITED]
    assert LedgerEntry.objects.get().minutes == 50


def test_other_minutes_need_a_reason_which_is_asked_for_at_its_field(city: City) -> None:
    claim, client = attended(city), secretary_of(city)
    fields = {f"c{claim.pk}_step": "credit", f"c{claim.pk}_minutes": 30}
    with clock.at(AFTERWARDS):
        refused = judge(client, claim.pk, claim, **fields)
        page = refused.content.decode()
        assert refused.status_code == 200 and "请写明理由" in page and 'value="30"' in page
        assert f'id="id_c{claim.pk}-reason_error"' in page
        judge(client, claim.pk, claim, **fields, **{f"c{claim.pk}_reason": "中途离开"})
    assert LedgerEntry.objects.get().reason == "中途离开"


def an_evening(city: City) -> tuple[Claim, Claim, Claim, Claim]:
    """Two clear ones, one who forgot to check out, one who did not come."""
    whistle = scenes.a_whistle(city.home, places_max=4)
    clear = [scenes.attended(whistle, scenes.a_volunteer(city)) for _ in range(2)]
    forgot = scenes.attended(whistle, scenes.a_volunteer(city), leaves=False)
    missed = scenes.a_claim(whistle, scenes.a_volunteer(city))
    return clear[0], clear[1], forgot, missed


def test_one_tap_credits_the_clear_ones_and_leaves_the_others(city: City) -> None:
    claims, client = an_evening(city), secretary_of(city)
    with clock.at(AFTERWARDS):
        page = open_page(client, CREDITING)
        assert "4 人等你认定时长" in page and "齐全的 2 人一起认定" in page
        assert "忘记签退" in page and "没有签到" in page
        judge(client, "clear", *claims)
    assert states_of(*claims) == ["credited", "credited", "checked_in", "claimed"]


def test_an_evening_is_judged_in_one_go(city: City) -> None:
    one, other, forgot, missed = claims = an_evening(city)
    fields = {
        f"c{one.pk}_step": "credit", f"c{one.pk}_minutes": 60,
        f"c{other.pk}_step": "refuse", f"c{other.pk}_minutes": 60, f"c{other.pk}_reason": "没有干活",
        f"c{forgot.pk}_step": "credit", f"c{forgot.pk}_minutes": 60, f"c{forgot.pk}_reason": "领队证明",
        f"c{missed.pk}_step": "absent",
    }  # fmt: skip
    with clock.at(AFTERWARDS):
        assert judge(secretary_of(city), "chosen", *claims, **fields).status_code == 302
    assert states_of(*claims) == ["credited", "refused", "credited", "absent"]
    assert Claim.objects.get(pk=other.pk).judged_because == "没有干活"


def test_nothing_is_lost_when_one_is_refused(city: City) -> None:
    one, other, forgot, missed = claims = an_evening(city)
    fields = {
        f"c{one.pk}_step": "credit", f"c{one.pk}_minutes": 60,
        f"c{other.pk}_minutes": 60, f"c{other.pk}_reason": "写到一半",
        f"c{forgot.pk}_step": "credit", f"c{forgot.pk}_minutes": 60,
        f"c{missed.pk}_step": "credit", f"c{missed.pk}_minutes": 90, f"c{missed.pk}_reason": "邻居证明",
    }  # fmt: skip
    with clock.at(AFTERWARDS):
        answer = judge(secretary_of(city), "chosen", *claims, **fields)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "已认定 1 人" in page and "有 2 人没有认定" in page
    assert "写到一半" in page and "邻居证明" in page
    assert "忘记签退的，认定时请写明理由" in page and "不能超过服务时间 60 分钟" in page
    assert states_of(*claims) == ["credited", "checked_out", "checked_in", "claimed"]


def test_somebody_else_was_faster(city: City) -> None:
    claim, client = attended(city), secretary_of(city)
    with clock.at(AFTERWARDS):
        crediting.credit(claim, by=city.home.secretary)
        answer = client.post(CREDITING, {"claim": [claim.pk], "do": "clear"}, follow=True)
    assert "有 1 人已经认定过了" in answer.content.decode()
    assert LedgerEntry.objects.count() == 1


def test_what_is_odd_or_came_late_is_shown_and_not_credited_with_the_clear_ones(city: City) -> None:
    claim, client = attended(city), secretary_of(city)
    CheckMark.objects.filter(claim=claim).update(received_at=AFTERWARDS)
    with clock.at(AFTERWARDS):
        page = open_page(client, CREDITING)
        assert "事后补传" in page and "一起认定" not in page
        judge(client, "clear", claim)
        assert states_of(claim) == ["checked_out"]
        judge(client, claim.pk, claim)
    assert states_of(claim) == ["credited"]


def test_the_code_of_ones_own_hand_is_looked_at_twice(city: City) -> None:
    """Whoever leads on the spot sees the code wherever he is; his own scan shows nothing."""
    whistle = scenes.a_whistle(city.home)
    own, other = (scenes.a_claim(whistle, scenes.a_volunteer(city)) for _ in range(2))
    with clock.at(scenes.FRIDAY_NOON):
        whistles.lead(whistle, by=city.home.secretary, leader=own.volunteer.user)
    for claim in (own, other):
        for verb, minutes in ((attendance.check_in, 0), (attendance.check_out, 60)):
            with clock.at(scenes.EVENING + timedelta(minutes=minutes)):
                verb(claim, by=claim.volunteer.user, has_scanned=True)
    client = secretary_of(city)
    with clock.at(AFTERWARDS):
        assert "现场码是他自己出示的" in open_page(client, CREDITING)
        judge(client, "clear", own, other)
    assert states_of(own, other) == [ClaimState.CHECKED_OUT, ClaimState.CREDITED]


def test_who_checks_out_hours_after_the_end_is_looked_at_twice(city: City) -> None:
    """Nobody knows when he left: passing by the next day must not make a whole presence."""
    claim, client = attended(city, leaves=False), secretary_of(city)
    with clock.at(AFTERWARDS + timedelta(hours=3)):
        attendance.check_out(claim, by=claim.volunteer.user, point=claim.whistle.point)
        assert "才签退" in open_page(client, CREDITING)
        judge(client, "clear", claim)
    assert states_of(claim) == [ClaimState.CHECKED_OUT]


def test_a_fulfilled_wish_shows_its_photo_and_asks_for_a_reason(city: City) -> None:
    volunteer, until = scenes.a_volunteer(city), scenes.EVENING + timedelta(days=20)
    wish = scenes.a_whistle(city.home, kind="wish", ends_at=until, claim_by=until, places_max=1)
    claim, client = scenes.a_claim(wish, volunteer), secretary_of(city)
    with clock.at(AFTERWARDS):
        wishes.fulfil(claim, by=volunteer.user, photos=[a_photo()])
        page = open_page(client, CREDITING)
        assert "微心愿不用签到" in page and "/photos/" in page and "一起认定" not in page
        url = reverse("volunteers:claim_photo", args=[claim.pk, claim.photos.get().pk])
        assert client.get(url).status_code == 200
        fields = {f"c{claim.pk}_step": "credit", f"c{claim.pk}_minutes": 40}
        assert "写明时长的依据" in judge(client, "chosen", claim, **fields).content.decode()
        judge(client, "chosen", claim, **fields, **{f"c{claim.pk}_reason": "看照片，送到家里"})
    assert LedgerEntry.objects.get().attested == Attested.PHOTO


def test_nobody_credits_himself(city: City) -> None:
    volunteer = scenes.a_volunteer(city)
    appoint(volunteer.user, "community_worker", city.home.organization)
    claim = scenes.attended(scenes.a_whistle(city.home), volunteer)
    client = strong_client(volunteer.user)
    with clock.at(AFTERWARDS):
        assert "请社区的其他同志认定" in open_page(client, CREDITING)
        refused = judge(client, claim.pk, claim)
        assert "这是你自己的事项" in refused.content.decode()
    assert not LedgerEntry.objects.exists()


def test_outsiders_find_neither_claims_nor_registrations(city: City) -> None:
    claim = attended(city)
    for user, status in ((city.next_door.secretary, 302), (a_grid_worker(city.home), 404)):
        assert judge(strong_client(user), claim.pk, claim).status_code == status
        assert states_of(claim) == ["checked_out"]
    assert weak_client(city.home.secretary).get(CREDITING).status_code == 302
    assert weak_client(city.home.secretary).get(REGISTRATIONS).status_code == 302
    assert strong_client(a_user("居民")).get(REGISTRATIONS).status_code == 404


# What was judged


def judged_url(claim: Claim, name: str) -> str:
    return reverse("desk:judge", args=[claim.pk, name])


def test_what_was_judged_is_corrected_and_reversed_with_a_reason(city: City) -> None:
    claim, client = scenes.credited(city.home, scenes.a_volunteer(city)), secretary_of(city)
    correct, reverse_it = f"correct{claim.pk}", f"reverse{claim.pk}"
    with clock.at(AFTERWARDS):
        page = open_page(client, JUDGED)
        assert "认定过 1 人次" in page and "60 分钟" in page and "冲销 60 分钟" in page
        refused = client.post(judged_url(claim, "correct"), {f"{correct}-minutes": 40, f"{correct}-seen": 1})
        assert refused.status_code == 200 and "更正要写明理由" in refused.content.decode()
        data = {f"{correct}-minutes": 40, f"{correct}-reason": "早走", f"{correct}-seen": 1}
        client.post(judged_url(claim, "correct"), data)
        again = client.post(judged_url(claim, "correct"), data)
        assert "刚才已经更正或冲销过了" in again.content.decode()
        assert "早走" in open_page(client, JUDGED)
        client.post(judged_url(claim, "reverse"), {f"{reverse_it}-reason": "不实", f"{reverse_it}-seen": 2})
        assert "不予认定" in open_page(client, f"{JUDGED}?state=refused&q=楼道灯")
        assert "没有找到" in open_page(client, f"{JUDGED}?state=credited")
    assert [entry.minutes for entry in LedgerEntry.objects.order_by("id")] == [60, -20, -40]


def test_outsiders_change_nothing_that_was_judged(city: City) -> None:
    claim = scenes.credited(city.home, scenes.a_volunteer(city))
    for user in (city.next_door.secretary, a_grid_worker(city.home), claim.volunteer.user):
        answer = strong_client(user).post(judged_url(claim, "reverse"), {f"reverse{claim.pk}-reason": "改"})
        assert answer.status_code == 404
    assert strong_client(city.home.secretary).post(judged_url(claim, "delete")).status_code == 404
    assert states_of(claim) == ["credited"]


# 确认到场


def test_a_grid_worker_says_who_was_there_in_his_grid(city: City) -> None:
    whistle = scenes.a_whistle(city.home, grid=city.home.grid)
    claim = scenes.a_claim(whistle, scenes.a_volunteer(city))
    elsewhere = scenes.a_claim(
        scenes.a_whistle(city.home, title="别的网格", grid=city.home.first_grid), scenes.a_volunteer(city)
    )
    client = strong_client(a_grid_worker(city.home))
    times = {f"c{claim.pk}-came_at": "2026-11-20T18:30", f"c{claim.pk}-left_at": "2026-11-20T19:30"}
    with clock.at(AFTERWARDS):
        page = open_page(client, ATTESTING)
        assert "1 人还没有签退" in page and "别的网格" not in page and "2026-11-20T18:30" in page
        late = {**times, f"c{claim.pk}-left_at": "2026-11-21T19:30"}
        refused = client.post(reverse("desk:attest", args=[claim.pk]), late)
        assert "离开时间还没到" in refused.content.decode()
        assert client.post(reverse("desk:attest", args=[claim.pk]), times).status_code == 302
        assert client.post(reverse("desk:attest", args=[claim.pk]), times).status_code == 404  # done
        assert client.post(reverse("desk:attest", args=[elsewhere.pk]), times).status_code == 404
        assert strong_client(a_grid_worker(city.next_door)).get(ATTESTING).status_code == 200
        judge(secretary_of(city), claim.pk, claim)
    entry = LedgerEntry.objects.get()
    assert (entry.minutes, entry.attested) == (60, Attested.COMMUNITY)


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


def test_the_lists_cost_the_same_for_six_and_for_two_hundred(city: City) -> None:
    """Whistles of four, some credited, some waiting; registrations beside them."""
    client, worker = secretary_of(city), strong_client(a_grid_worker(city.home))
    pages = [(client, CREDITING), (client, JUDGED), (client, REGISTRATIONS), (worker, ATTESTING)]

    def costs() -> list[int]:
        with clock.at(AFTERWARDS):
            return [queries_of(each, url) for each, url in pages]

    a_crowd(city, 6)
    a_registration(city)
    few = costs()
    a_crowd(city, 200)
    for number in range(8):
        a_registration(city, f"党员{number}号")
    assert costs() == few
    assert max(few) <= 12


def a_crowd(city: City, count: int) -> None:
    """So many claims of each kind, without walking through every step."""
    people = [
        Volunteer(user=a_user(f"志愿者{number}"), kind=VolunteerKind.VOLUNTEER, district=city.district)
        for number in range(count)
    ]
    Volunteer.objects.bulk_create(people)
    for state in (ClaimState.CHECKED_OUT, ClaimState.CHECKED_IN, ClaimState.CREDITED):
        whistle = scenes.a_whistle(city.home, places_max=count, grid=city.home.grid, title=f"{state}{count}")
        left = None if state == ClaimState.CHECKED_IN else whistle.ends_at
        claims = Claim.objects.bulk_create(
            Claim(
                whistle=whistle,
                volunteer=volunteer,
                state=state,
                checked_in_at=whistle.starts_at,
                checked_out_at=left,
            )
            for volunteer in people
        )
        CheckMark.objects.bulk_create(
            CheckMark(claim=claim, way="in", by="location", at=whistle.starts_at, device="d" * 64)
            for claim in claims
        )
