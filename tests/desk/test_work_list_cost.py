"""What the work list, the request page and a step cost, at few rows and at many."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from desk import worklist
from ground import clock
from requests.models import ServiceRequest
from requests.states import State
from tests.desk.full import everything
from tests.desk.scenes import ask, queries_of, secretary_of
from tests.factories import City, a_grid_worker
from tests.signing_in import strong_client
from tests.volunteers import scenes

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def city() -> City:
    return scenes.a_city()


def many(city: City, number: int, closed: int = 0) -> None:
    """So many open requests at home, and so many that were closed, without their history."""
    first = ask(city.home, clock.now())
    at, ended = clock.now(), clock.now() - timedelta(days=60)
    rows = []
    for place in range(number + closed):
        row = ServiceRequest.objects.get(pk=first.pk) if not rows else _copy(rows[0])
        is_open = place < number
        row.pk, row.key, row.number = None, uuid4(), f"BULK-{place:06d}"
        row.state = (
            (State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS)[place % 3] if is_open else State.CLOSED
        )
        row.submitted_at = at if is_open else ended - timedelta(minutes=place)
        row.due = at + timedelta(minutes=place) if is_open else None
        row.ended_at, row.reopen_until = (None, None) if is_open else (ended, ended + timedelta(days=15))
        row.next_at = row.due
        rows.append(row)
    ServiceRequest.objects.bulk_create(rows, batch_size=500)


def _copy(row: ServiceRequest) -> ServiceRequest:
    values = {each.attname: getattr(row, each.attname) for each in row._meta.concrete_fields}
    return ServiceRequest(**values)


def asked(client: Client, url: str, data: dict[str, object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        response = client.post(url, data, headers=HTMX)
    assert response.status_code == 200 and response["HX-Reswap"] == "none", response.content.decode()
    return [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]


@pytest.mark.parametrize("tab", ["new", "mine", "waiting", "today"])
def test_the_list_costs_the_same_with_three_rows_and_with_a_thousand(city: City, tab: str) -> None:
    client, url = secretary_of(city), f"/desk/?tab={tab}"
    many(city, 6)
    few = queries_of(client, url)
    ServiceRequest.objects.filter(number__startswith="BULK").delete()
    many(city, 1000)
    assert queries_of(client, url) == few <= 12


def test_the_panel_of_a_request_with_everything_costs_what_is_allowed(city: City) -> None:
    row = everything(city)
    url = reverse("desk:request", args=[row.number])
    assert queries_of(secretary_of(city), url, **HTMX) <= 12
    assert queries_of(strong_client(a_grid_worker(city.home)), url, **HTMX) <= 12
    for piece in ("history", "helpers"):
        assert queries_of(secretary_of(city), reverse(f"desk:{piece}", args=[row.number]), **HTMX) <= 12


def test_steps_cost_what_is_allowed(city: City) -> None:
    row, client, home = ask(city.home, clock.now()), secretary_of(city), city.home
    steps = [
        ("accept", {"track": "urgent", "text": "马上来"}),
        ("contact", {"how": "phone", "text": "说好了"}),
        ("handle", {"responsible": home.secretary.pk}),
        ("note", {"text": "记一笔"}),
        ("ask", {"text": "几单元？"}),
    ]
    for name, data in steps:
        url = reverse("desk:step", args=[row.number, name])
        client.get(url, headers=HTMX)  # what is read once a process
        assert len(asked(client, url, data)) <= 15, name


def a_hundred_thousand(first: ServiceRequest) -> None:
    """Copies of a request, made by the database itself: every 25th is open, the others were rated long ago."""
    own = {
        "id": "nextval(pg_get_serial_sequence('requests_servicerequest', 'id'))",
        "key": "gen_random_uuid()",
        "number": "'BULK-' || n",
        "state": "CASE WHEN mod(n, 25) > 0 THEN 'closed' WHEN mod(n, 2) = 0 THEN 'submitted' ELSE 'accepted' END",
        "due": "CASE WHEN mod(n, 25) = 0 THEN due + n * interval '1 second' END",
        "next_at": "CASE WHEN mod(n, 25) = 0 THEN due END",
        "submitted_at": "submitted_at - n * interval '10 minutes'",
        "reopen_until": "CASE WHEN mod(n, 25) > 0 THEN submitted_at + (2880 - n) * interval '10 minutes' END",
    }
    names = [each.column for each in ServiceRequest._meta.concrete_fields]
    columns, values = ", ".join(names), ", ".join(own.get(name, name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO requests_servicerequest ({columns}) SELECT {values} "
            "FROM requests_servicerequest, generate_series(1, 100000) n WHERE id = %s",
            [first.pk],
        )
        cursor.execute(
            "INSERT INTO requests_rating "
            "(service_request_id, contacted, solved, satisfied, text, is_call_back, by_id, at) "
            "SELECT id, true, mod(id, 9) > 0, 1 + mod(id, 5), '', false, submitter_id, now() "
            "FROM requests_servicerequest WHERE state = 'closed'"
        )
        cursor.execute("ANALYZE requests_servicerequest")
        cursor.execute("ANALYZE requests_rating")


@pytest.mark.services
def test_tabs_count_by_partial_indexes_among_a_hundred_thousand(city: City) -> None:
    """No tab reads what was closed long ago."""
    a_hundred_thousand(ask(city.home, clock.now()))
    for key, rows in worklist._heaps(city.home.secretary, clock.now()).items():
        plan = rows.order_by().explain()
        assert "Seq Scan on requests_servicerequest" not in plan, (key, plan)
    with CaptureQueriesContext(connection) as captured:
        assert worklist.counts(city.home.secretary)["new"] > 1000
    assert float(captured.captured_queries[-1]["time"]) < 0.5
    client = secretary_of(city)
    assert queries_of(client, "/desk/?tab=new") <= 12
