"""工作台: what waits for whom, in tabs; filters in the URL; what it costs."""

from datetime import timedelta

import pytest
from django.urls import reverse

from desk import worklist
from ground import clock
from requests.models import ServiceRequest
from requests.states import State
from tests.desk.scenes import MORNING, accept, ask, contact, finish, open_page, queries_of, secretary_of
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.workflow import a_category

pytestmark = pytest.mark.django_db
WORK = "/desk/"


@pytest.fixture
def city() -> City:
    with clock.at(MORNING - timedelta(days=30)):
        return a_city()


def at_noon() -> object:
    return clock.at(MORNING.replace(hour=12))


def test_tabs_count_open_rows_by_who_has_to_act(city: City) -> None:
    home = city.home
    ask(home, MORNING)  # new, due on Monday
    late = ask(home, MORNING - timedelta(days=3), text="下水道堵了")
    accept(late, home, MORNING - timedelta(days=3))  # urgent: due two days ago
    today = ask(home, MORNING, text="消防通道被堵")
    accept(today, home, MORNING - timedelta(hours=20) + timedelta(hours=20))
    sad = ask(home, MORNING - timedelta(days=2), text="垃圾没人收")
    accept(sad, home, MORNING - timedelta(days=2))
    finish(sad, home, MORNING - timedelta(days=1), stars=2)
    with at_noon():
        found = worklist.counts(home.secretary)
    wanted = {"new": 1, "mine": 2, "overdue": 1, "unsatisfied": 1}
    assert found == dict.fromkeys(worklist.BY_KEY, 0) | wanted
    with clock.at(MORNING + timedelta(hours=23)):  # Saturday 08:00: the urgent one is due at 09:00
        assert worklist.counts(home.secretary)["today"] == 1


def test_what_another_person_or_a_whistle_has_in_hand_waits(city: City) -> None:
    home = city.home
    colleague = a_user("梁工")
    appoint(colleague, "community_worker", home.organization)
    mine = ask(home)
    accept(mine, home, MORNING)
    with at_noon():
        assert worklist.counts(home.secretary)["mine"] == 1
        assert worklist.counts(colleague)["waiting"] == 1
        mine.holds.create(key="whistle:1", label="哨单正在进行")
        assert worklist.counts(home.secretary) | {"mine": 0, "waiting": 1} == worklist.counts(home.secretary)


def test_the_headline_says_what_matters_most() -> None:
    none = dict.fromkeys(worklist.BY_KEY, 0)
    assert worklist.headline(none | {"today": 2, "overdue": 1}) == "2 件今天到期，1 件已超时"
    assert worklist.headline(none | {"new": 3}) == "3 件等你受理，今天没有到期的"
    assert (
        worklist.headline(none | {"consent": 1, "takeover": 2})
        == "1 件等你同意，2 件等你们接手，今天没有到期的"
    )
    assert worklist.headline(none | {"overdue": 1, "consent": 1}) == "1 件已超时，1 件等你同意"
    assert worklist.headline(none) == "手上的事都办完了"


def test_the_page_shows_the_rows_of_the_tab_and_only_surnames(city: City) -> None:
    service_request = ask(city.home, by=a_user("欧阳小明"))
    page = open_page(secretary_of(city), WORK)
    assert service_request.title in page and service_request.number in page
    assert "欧**" in page and "欧阳小明" not in page
    assert reverse("desk:request", args=[service_request.number]) in page


def test_words_and_filters_narrow_the_list_and_stay_in_the_url(city: City) -> None:
    lamp = ask(city.home, text="楼道灯不亮")
    drain = ask(city.home, text="下水道堵了", category=a_category("drain"))
    client = secretary_of(city)
    assert drain.title not in (page := open_page(client, f"{WORK}?tab=new&q=楼道灯")) and lamp.title in page
    page = open_page(client, f"{WORK}?tab=new&category={drain.category_id}")
    assert drain.title in page and lamp.title not in page
    assert f"category={drain.category_id}" in page  # the tabs keep it
    assert "没有找到" in open_page(client, f"{WORK}?tab=new&source=staff")
    assert lamp.title in open_page(client, f"{WORK}?tab=new&grid={city.home.grid.pk}&page=x&category=x")


def test_a_grid_worker_works_in_the_own_grid_only(city: City) -> None:
    worker = a_grid_worker(city.home)
    service_request = ask(city.home)
    other = ask(city.next_door, text="别处的事")
    page = open_page(strong_client(worker), WORK)
    assert service_request.title in page and other.title not in page


def test_next_door_sees_nothing_of_it(city: City) -> None:
    service_request = ask(city.home, text="只有本社区看得到")
    client = strong_client(city.next_door.secretary)
    assert service_request.title not in open_page(client, WORK)
    assert service_request.title not in open_page(client, reverse("desk:requests"))


def test_weak_sessions_and_visitors_are_sent_to_sign_in(city: City, client: object) -> None:
    for browser in (weak_client(city.home.secretary), client):
        response = browser.get(WORK)  # type: ignore[attr-defined]
        assert response.status_code == 302 and response["Location"].startswith("/sign-in/")


def test_residents_have_no_desk(city: City) -> None:
    assert strong_client(a_user("居民")).get(WORK).status_code == 404


def test_posts_without_a_work_list_are_led_to_their_own_page(city: City) -> None:
    secretary = a_user("支书")
    appoint(secretary, "secretary", city.home.grid.branch)
    assert strong_client(secretary).get(WORK)["Location"] == reverse("dashboards:home")
    administrator = a_user("管理员", is_administrator=True)
    assert "/desk/registry/" in strong_client(administrator).get(WORK)["Location"]


def test_the_list_of_everything_goes_on_by_keys(city: City) -> None:
    for number in range(35):
        ask(city.home, MORNING - timedelta(hours=number), text=f"第{number:02}件事")
    client = secretary_of(city)
    url = reverse("desk:requests")
    first = client.get(url)
    assert first.context["page"].next_key and len(first.context["rows"]) == 30
    second = client.get(url, {"after": first.context["page"].next_key})
    titles = [row.service_request.title for row in second.context["rows"]]
    assert titles == [f"第{number:02}件事" for number in range(30, 35)]
    assert len(client.get(url, {"after": "nonsense"}).context["rows"]) == 30


def test_the_tiles_say_what_a_slow_count_says(city: City) -> None:
    home = city.home
    at = MORNING - timedelta(days=2)
    for stars in (5, 3, 0):
        each = ask(home, at, text=f"{stars} 星")
        accept(each, home, at + timedelta(minutes=5))
        if stars:
            contact(each, home, at + timedelta(minutes=10))
        finish(each, home, at + timedelta(hours=1), stars=stars, solved=stars > 3)
    with clock.at(MORNING + timedelta(hours=10)):
        tiles = secretary_of(city).get(WORK).context["tiles"]
    rows = ServiceRequest.objects.all()
    due = [row for row in rows if row.contacted_at or row.contact_due < MORNING + timedelta(hours=10)]
    in_time = [row for row in due if row.contacted_at and row.contacted_at <= row.contact_due]
    assert tiles[0]["figure"] == f"{len(in_time) / len(due) * 100:.1f}%"
    assert tiles[1]["figure"] == "50.0%" and "已评价 2 · 未评价 1" in tiles[1]["text"]
    assert tiles[2]["figure"] == "50.0%"
    assert rows.filter(state=State.RESOLVED).count() == 1


def test_the_list_costs_the_same_with_five_rows_and_with_sixty(city: City) -> None:
    client = secretary_of(city)
    for _ in range(5):
        ask(city.home)
    few = queries_of(client, f"{WORK}?tab=new")
    for _ in range(55):
        ask(city.home)
    assert queries_of(client, f"{WORK}?tab=new") == few <= 12


def test_the_list_of_everything_costs_the_same_too(city: City) -> None:
    client, url = secretary_of(city), reverse("desk:requests")
    for _ in range(5):
        ask(city.home)
    few = queries_of(client, url)
    for _ in range(55):
        ask(city.home)
    assert queries_of(client, url) == few <= 10
