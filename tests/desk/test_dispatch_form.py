"""派单 from the panel: whom one can choose, how the search works without JavaScript, what the form refuses."""

import pytest
from django.urls import reverse

from ground import clock
from organizations.models import Unit
from organizations.posts import Post
from requests import recipients, workflow
from requests.forms import FORMS
from requests.models import Dispatch
from requests.states import Grade
from tests.desk.dispatch_scenes import a_town
from tests.desk.scenes import open_page, queries_of
from tests.factories import a_city, a_unit, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import FRIDAY, accepted
from tests.workflow.dispatched import a_department, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def town():
    with clock.at(FRIDAY):
        yield a_town()


def url_of(service_request):
    return reverse("desk:step", args=[service_request.number, "dispatch"])


def labels(choices):
    return [each.label for each in choices]


def own_unit(city, name, kind=Unit.Kind.PROPERTY):
    unit, _ = a_department(city, name)
    unit.kind = kind
    unit.place_under(city.home.organization)
    unit.save()
    return unit


def test_the_search_finds_every_word_and_those_near_first(town):
    city, _, _ = town
    request = accepted(city)
    own_unit(city, "花城物业公司")
    a_department(city, "天河物业公司")
    a_unit(city, "安心物业公司")
    a_department(a_city("浈江"), "别区物业公司")
    found = recipients.search(request, "物业 公司")
    assert labels(found) == ["花城物业公司", "天河物业公司", "安心物业公司"]
    assert [each.trouble for each in found] == ["", "", "还没有承办人"]
    assert labels(recipients.search(request, "隔壁")) == ["隔壁社区"]
    assert recipients.search(request, "花城社区") == [] and recipients.search(request, " \0 ") == []


def test_last_recipients_are_on_top_then_the_own_units_and_the_departments(town):
    city, unit, _ = town
    Unit.objects.filter(pk=unit.pk).update(kind=Unit.Kind.DEPARTMENT)
    a_department(city, "远处的企业")
    own_unit(city, "花城物业公司")
    last, _ = a_department(city, "供电所")
    request = accepted(city)
    sent(city, unit, accepted(city))
    sent(city, last, accepted(city))
    sent(city, service_request=accepted(city), organization=city.next_door.organization)
    assert labels(recipients.suggested(request)) == ["隔壁社区", "供电所", "住建局", "花城物业公司"]


@pytest.mark.parametrize("value", ["", "x", "u:", "u:²", f"u:{'9' * 30}", "u:-1", "x:1", "o:0"])
def test_what_is_no_choice_is_nothing(town, value):
    assert recipients.chosen(accepted(town[0]), value) is None


def test_looking_needs_no_javascript_and_keeps_what_was_written(town):
    city, unit, _ = town
    request, client = accepted(city), strong_client(city.home.secretary)
    page = client.post(url_of(request), {"to_q": "住建", "text": "请换灯", "look": "1"}).content.decode()
    assert f'value="u:{unit.pk}"' in page and "请换灯" in page and 'value="住建"' in page
    assert "请选一个单位" not in page and not Dispatch.objects.exists()
    empty = client.post(url_of(request), {"to_q": "没有这个", "look": "1"}).content.decode()
    assert "没有找到“没有这个”" in empty


def test_the_chosen_one_stays_among_what_is_found(town):
    city, unit, _ = town
    request, client = accepted(city), strong_client(city.home.secretary)
    page = client.post(url_of(request), {"to": f"u:{unit.pk}", "to_q": "隔壁", "look": "1"}).content.decode()
    assert f'value="u:{unit.pk}" checked' in page and "隔壁社区" in page


def test_the_list_that_follows_the_typing(town):
    city, unit, officer = town
    request = accepted(city)
    url = reverse("desk:dispatch_recipients", args=[request.number])
    part = open_page(strong_client(city.home.secretary), f"{url}?to_q=住建")
    assert f'value="u:{unit.pk}"' in part and "<html" not in part
    for stranger in (officer, city.next_door.secretary):
        assert strong_client(stranger).get(url).status_code == 404
    watcher = a_user("街道干部")
    appoint(watcher, Post.OFFICER, city.street)
    assert strong_client(watcher).get(url).status_code == 404  # sees it, but does not handle it


def test_sending_to_a_unit_and_to_an_organization(town):
    city, unit, _ = town
    client = strong_client(city.home.secretary)
    for value, field in ((f"u:{unit.pk}", "unit"), (f"o:{city.next_door.organization.pk}", "organization")):
        request = accepted(city)
        client.post(url_of(request), {"to": value, "text": "请换灯", "answer_by": "2026-11-27"})
        row = request.dispatches.get()
        assert getattr(row, field) is not None and row.text == "请换灯"
        assert row.answer_due.isoformat().startswith("2026-11-27T10:00")


def test_refusals_stand_at_the_field_that_is_seen(town):
    city, unit, _ = town
    empty, request, client = a_unit(city), accepted(city), strong_client(city.home.secretary)

    def refused(**data):
        page = client.post(url_of(request), {"text": "请换灯", **data})
        return page.context["form"].errors.get("to", [""])[0]

    assert "请选一个单位或一个党组织" in refused()
    assert refused(to=f"u:{empty.pk}") == "该单位还没有承办人，请先请区里任命。"
    assert "请从列表里选" in refused(to="u:999999999")
    assert "没有这个单位" in refused(unit="999999999")
    sent(city, unit, request)
    assert "还没有办完" in refused(to=f"u:{unit.pk}")
    assert Dispatch.objects.count() == 1


def test_ids_are_taken_as_well(town):
    """As the API gives them."""
    city, unit, _ = town
    for data in ({"unit": unit.pk}, {"organization": str(city.next_door.organization.pk)}):
        form = FORMS["dispatch"](
            {"text": "请换灯", **data}, service_request=accepted(city), viewer=city.home.secretary
        )
        assert form.is_valid(), form.errors
        assert {"unit", "organization"} <= form.cleaned_data.keys() and "to" not in form.cleaned_data
    both = {"text": "请", "unit": unit.pk, "organization": city.next_door.organization.pk}
    form = FORMS["dispatch"](both, service_request=accepted(city), viewer=city.home.secretary)
    assert not form.is_valid() and "只选一个" in form.errors["to"][0]


def test_the_grade_is_asked_above_the_community_only(town):
    city, _, _ = town
    officer, request = a_user("街道干部"), accepted(city)
    appoint(officer, Post.OFFICER, city.street)
    assert 'name="grade"' not in open_page(strong_client(city.home.secretary), url_of(request))
    workflow.VERBS["escalate"](request, by=city.home.secretary, reason="管不了")
    assert f'value="{Grade.HARD}"' in open_page(strong_client(officer), url_of(request))


def test_many_units_cost_no_more_than_few(town):
    city, _, _ = town
    request, client = accepted(city), strong_client(city.home.secretary)
    url = reverse("desk:dispatch_recipients", args=[request.number])
    few = queries_of(client, f"{url}?to_q=物业")
    for number in range(30):
        own_unit(city, f"物业{number}")
    page = open_page(client, f"{url}?to_q=物业")
    assert page.count('type="radio"') == recipients.MOST_FOUND
    assert queries_of(client, f"{url}?to_q=物业") == few
