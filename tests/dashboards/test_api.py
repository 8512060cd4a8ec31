"""看板 over the API: the same figures as the page as plain numbers, the same sight, one's own saved views."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from dashboards import rolling
from dashboards.models import SavedView
from ground import clock
from organizations import tree
from organizations.models import Appointment, Organization
from organizations.posts import Post, Tier
from requests.figures import total
from requests.models import ServiceRequest
from requests.states import OPEN
from tests.dashboards.working import at_work
from tests.desk.scenes import CHINA, ask
from tests.factories import LONG_AGO, City, a_community, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client
from tests.volunteers import scenes

pytestmark = pytest.mark.django_db
API = "/api/v1/dashboards/"
VIEWS = f"{API}views/"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=CHINA)


@pytest.fixture
def rolled(city: City) -> City:
    at_work(city.home)
    scenes.credited(city.home, scenes.a_volunteer(city), starts_at=NOW - timedelta(days=3), minutes=100)
    with clock.at(NOW):
        rolling.rebuild()
    return city


def get(client: Client, path: str = "") -> Any:
    with clock.at(NOW):
        return client.get(f"{API}{path}")


def send(client: Client, method: str, path: str, **data: Any) -> Any:
    return getattr(client, method)(f"{VIEWS}{path}", data, content_type="application/json")


# Nodes


def test_nodes_in_sight_page_by_page(city: City, officer: User) -> None:
    told = get(strong_client(officer), "?limit=3").json()
    assert (told["count"], len(told["results"])) == (Organization.objects.count(), 3)
    assert told["results"][0] == {
        "id": city.district.pk,
        "name": "武江区委",
        "short_name": "武江区",
        "tier": 1,
        "parent": None,
        "code": city.district.code,
    }
    below = get(strong_client(officer), f"?parent={city.street.pk}&tier=3").json()["results"]
    assert [row["short_name"] for row in below] == ["花城社区", "隔壁社区"]
    worker = get(strong_client(a_grid_worker(city.home))).json()["results"]
    assert [row["id"] for row in worker] == [city.home.grid.branch_id]
    assert get(strong_client(a_user("居民"))).json()["results"] == []


# Figures


def test_the_figures_are_those_of_the_rows(rolled: City, officer: User) -> None:
    told = get(strong_client(officer), f"{rolled.district.pk}/?period=month").json()
    rows = ServiceRequest.objects.filter(submitted_at__gte=datetime(2026, 11, 1, tzinfo=CHINA))
    wanted = total(rows, NOW)
    assert told["measures"]["submitted"] == wanted.submitted == 9
    assert told["rates"]["response_rate"] == wanted.response_rate
    assert told["rates"]["satisfaction_rate"] == wanted.satisfaction_rate
    assert told["standing"]["open"] == ServiceRequest.objects.filter(state__in=OPEN).count()
    late = ServiceRequest.objects.filter(state__in=OPEN, due__lt=NOW).order_by("due")
    assert told["standing"]["overdue"] == late.count()
    oldest: Any = late[0].due
    assert datetime.fromisoformat(told["oldest_due"]) == oldest.replace(microsecond=0)
    assert told["measures"]["minutes"] == 100
    assert sum(step["submitted"] for step in told["trend"]) == 9
    assert (told["id"], told["name"]) == (str(rolled.district.pk), "武江区")
    assert datetime.fromisoformat(told["as_of"]) == NOW
    assert told["period"] == {"key": "month", "label": "本月", "first": "2026-11-01", "last": "2026-11-30"}
    assert told["before"]["first"] == "2026-10-01" and told["before"]["last"] == "2026-10-20"


def test_every_number_of_the_page_is_there_plainly(rolled: City, officer: User) -> None:
    """What happened and how it stands, as the marks of the page name it, for the node and its children."""
    client = strong_client(officer)
    told = get(client, f"{rolled.street.pk}/?period=month").json()
    with clock.at(NOW):
        html = client.get(f"/dashboards/{rolled.street.pk}/?period=month").content.decode()
    here = {f"o{rolled.street.pk}": told} | {f"o{child['node']}": child for child in told["children"]}
    compared = 0
    for name, place, marks in re.findall(r'<span data-n="([^"]+)" data-place="([^"]+)"([^>]*)>', html):
        dates = re.search(r'data-from="([^"]+)" data-to="([^"]+)"', marks)
        is_of_month = dates is None or dates.groups() == ("2026-11-01", "2026-11-30")
        value = re.search(r'data-value="([^"]+)"', marks)
        if "data-derived" in marks or not is_of_month or place not in here or value is None:
            continue
        each = here[place]
        if name in each["rates"]:
            assert abs(each["rates"][name] - float(value[1])) < 1e-12
        elif name.endswith((".median", ".p90")):
            span, _, quantile = name.rpartition(".")
            assert abs(each["times"][span][quantile] - float(value[1])) < 1e-6
        elif name == "oldest_due":
            assert datetime.fromisoformat(each["oldest_due"]).timestamp() == float(value[1])
        else:
            assert (each["measures"] | each["standing"]).get(name, 0) == float(value[1])
        compared += 1
    assert compared > 10
    assert (
        sum(child["measures"].get("submitted", 0) for child in told["children"])
        == told["measures"]["submitted"]
    )
    assert told["rest"] is None and all(child["is_in_sight"] for child in told["children"])


def test_bins_of_histograms_are_told_as_seconds(rolled: City, officer: User) -> None:
    told = get(strong_client(officer), f"{rolled.home.organization.pk}/?period=year").json()
    assert not any("~" in name for name in told["measures"])
    spans = sorted(
        (row.accepted_at - row.submitted_at).total_seconds()
        for row in ServiceRequest.objects.filter(accepted_at__isnull=False)
        if row.accepted_at and row.submitted_at
    )
    middle = spans[len(spans) // 2]
    assert abs(told["times"]["accept"]["median"] - middle) <= 0.05 * middle
    assert [(child["grid"], child["node"]) for child in told["children"]] == [
        (rolled.home.grid.pk, rolled.home.grid.branch_id)
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("period=decade", "只有这些时段"),
        ("period=any&from=2026-02-30&to=2026-03-01", "不是日期"),
        ("period=any&from=2026-03-02&to=2026-03-01", "起始日期晚于截止日期"),
        ("from=x", "不是日期"),
        ("period=any&from=1990-01-01&to=1990-01-02", "最早从 2010 年"),
    ],
)
def test_a_period_that_cannot_be_read_is_refused_in_words(
    city: City, officer: User, query: str, said: str
) -> None:
    answer = get(strong_client(officer), f"{city.district.pk}/?{query}")
    assert answer.status_code == 400 and said in answer.json()["period"][0]


def test_any_days_and_every_period_answer(rolled: City, officer: User) -> None:
    client = strong_client(officer)
    for query in (
        "period=today",
        "period=week",
        "period=quarter",
        "period=year",
        "period=any&from=2026-10-01&to=2026-11-05",
    ):
        assert get(client, f"{rolled.district.pk}/?{query}").status_code == 200, query
    cut = get(client, f"{rolled.district.pk}/?period=any&from=2026-11-19&to=2027-01-01").json()
    assert cut["period"]["last"] == "2026-11-20"  # what has not come is left out


def test_before_the_first_round_nothing_is_known(city: City, officer: User) -> None:
    told = get(strong_client(officer), f"{city.district.pk}/").json()
    assert told["as_of"] is None and told["measures"] == told["standing"] == {}
    assert set(told["rates"].values()) == {None} and told["oldest_due"] is None


def test_outside_is_404_and_visitors_401(rolled: City, officer: User) -> None:
    secretary = strong_client(rolled.home.secretary)
    for place in (rolled.district.pk, rolled.next_door.organization.pk, 10**17, "city", "x", "1.5"):
        assert get(secretary, f"{place}/").status_code == 404, place
    assert get(secretary, f"{rolled.home.organization.pk}/").status_code == 200
    assert get(strong_client(officer), "city/").status_code == 404
    mayor = a_user("市里")
    appoint(mayor, Post.OFFICER)
    told = get(strong_client(mayor), "city/").json()
    assert (told["id"], told["name"], [child["name"] for child in told["children"]]) == (
        "city",
        "全市",
        ["武江区"],
    )
    Organization.objects.filter(pk=rolled.street.pk).update(closed_at=NOW)
    assert get(strong_client(officer), f"{rolled.street.pk}/").status_code == 404
    for path in ("", f"{rolled.district.pk}/", "views/"):
        assert get(Client(), path).status_code == 401
    assert get(weak_client(officer), f"{rolled.district.pk}/").status_code == 404  # powers sleep
    assert get(weak_client(officer)).json()["count"] == 0


def test_a_strong_token_has_the_powers_of_the_post_a_weak_one_none(rolled: City, officer: User) -> None:
    for is_strong, code in ((True, 200), (False, 404)):
        _, token = ApiToken.objects.create(officer, is_strong=is_strong)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        assert client.get(f"{API}{rolled.district.pk}/").status_code == code


def test_it_costs_the_same_however_much_there_is(rolled: City, officer: User) -> None:
    client = strong_client(officer)
    paths = ["", f"{rolled.district.pk}/?period=year", f"{rolled.home.organization.pk}/", "views/"]

    def costs() -> list[int]:
        found = []
        for path in paths:
            get(client, path)
            with CaptureQueriesContext(connection) as captured:
                assert get(client, path).status_code == 200
            found.append(len(captured))
        return found

    few = costs()
    for number in range(9):
        street = tree.plant(
            parent=rolled.district,
            tier=Tier.STREET,
            name=f"{number} 街道",
            code=f"{rolled.district.code}1{number:02}",
            by=None,
        )
        ask(a_community(street, f"{number} 号"), NOW - timedelta(days=number))
        ask(rolled.home, NOW - timedelta(days=number), text=f"{number}")
        send(client, "post", "", node=street.pk, name=f"{number}")
    with clock.at(NOW):
        rolling.rebuild()
    assert SavedView.objects.count() == 9
    assert costs() == few
    assert max(few) <= 9, few


# Saved views


def test_saved_views_are_kept_changed_and_removed(city: City, officer: User) -> None:
    client = strong_client(officer)
    made = send(
        client, "post", "", node=city.street.pk, query="?period=week&figure=overdue&x=1", name=" 街道 "
    )
    assert made.status_code == 201
    told = made.json()
    assert told | {"id": 0} == {
        "id": 0,
        "name": "街道",
        "node": city.street.pk,
        "query": "period=week&figure=overdue",
        "has_digest": False,
        "sent_on": None,
        "gone": "",
        "url": f"/dashboards/{city.street.pk}/?period=week&figure=overdue",
    }
    again = send(client, "post", "", node=city.street.pk, query="period=week&figure=overdue", name="街道")
    assert again.json()["id"] == told["id"]
    changed = send(client, "patch", f"{told['id']}/", name="本周街道", has_digest=True).json()
    assert (changed["name"], changed["has_digest"]) == ("本周街道", True)
    assert [row["name"] for row in client.get(VIEWS).json()] == ["本周街道"]
    assert client.get(f"{VIEWS}{told['id']}/").json() == client.get(VIEWS).json()[0]
    assert client.delete(f"{VIEWS}{told['id']}/").status_code == 204
    assert client.delete(f"{VIEWS}{told['id']}/").status_code == 404


def test_rules_answer_409_with_their_sentence(city: City, officer: User) -> None:
    client = strong_client(officer)
    send(client, "post", "", node=city.street.pk, name="甲")
    second = send(client, "post", "", node=city.district.pk, name="乙").json()["id"]
    for answer in (
        send(client, "post", "", node=city.district.pk, name="甲"),
        send(client, "patch", f"{second}/", name="甲"),
    ):
        assert (answer.status_code, answer.json()["field"]) == (409, "name")
        assert answer.json()["detail"] == "已有叫“甲”的常看，请换个名字。"
    assert send(client, "patch", f"{second}/", name=" ").status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"node": "x", "name": "a"},
        {"node": 0, "name": "a"},
        {"node": 10**30, "name": "a"},
        {"node": 1, "name": "a\x00"},
    ],
)
def test_bodies_that_say_nothing_are_400(city: City, officer: User, body: dict[str, Any]) -> None:
    assert send(strong_client(officer), "post", "", **body).status_code == 400
    assert not SavedView.objects.exists()


def test_only_ones_own_and_only_what_is_in_sight(city: City, officer: User) -> None:
    client, other = strong_client(officer), strong_client(city.home.secretary)
    pk = send(client, "post", "", node=city.home.organization.pk, name="社区").json()["id"]
    assert other.get(VIEWS).json() == []
    assert other.get(f"{VIEWS}{pk}/").status_code == 404
    assert send(other, "patch", f"{pk}/", name="我的").status_code == 404
    assert other.delete(f"{VIEWS}{pk}/").status_code == 404
    assert send(other, "post", "", node=city.district.pk, name="区").status_code == 404
    assert send(other, "post", "", node=None, name="市").status_code == 404
    assert SavedView.objects.count() == 1


def test_a_view_out_of_sight_says_so_and_can_be_removed_only(city: City, officer: User) -> None:
    client = strong_client(officer)
    pk = send(client, "post", "", node=city.district.pk, name="全区").json()["id"]
    Appointment.objects.filter(user=officer).update(ends_on=LONG_AGO.replace(year=2021))
    assert client.get(f"{VIEWS}{pk}/").json()["gone"] == "你在这里的任职已经结束"
    assert send(client, "patch", f"{pk}/", has_digest=True).status_code == 404
    assert client.delete(f"{VIEWS}{pk}/").status_code == 204


def test_the_schema_knows_all_of_it(tmp_path: Any, client: Client) -> None:
    path = tmp_path / "schema.yaml"
    call_command("spectacular", file=str(path), validate=True)
    schema = path.read_text(encoding="utf-8")
    for route in (
        "/api/v1/dashboards/:",
        "/api/v1/dashboards/{id}/:",
        "/api/v1/dashboards/views/:",
        "/api/v1/dashboards/views/{id}/:",
    ):
        assert route in schema, route
    for shape in ("Figures:", "SavedView:", "SaveInputRequest:", "PatchedChangeInputRequest:"):
        assert f"    {shape}" in schema, shape
