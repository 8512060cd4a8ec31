"""存为常用: kept lists of one's own, under names, ten at most."""

import pytest
from django.test import Client

from desk import saving
from requests.models import SavedFilter
from tests.desk.scenes import open_page, secretary_of
from tests.factories import City, a_city, a_user
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db
SAVE = "/desk/saved/"


@pytest.fixture
def city() -> City:
    return a_city()


def keep(client: Client, name: str, query: str = "tab=new&track=urgent", page: str = "work") -> str:
    return client.post(SAVE, {"page": page, "query": query, "name": name}, follow=True).content.decode()


def test_a_list_is_kept_under_a_name_and_opened_again(city: City) -> None:
    client = secretary_of(city)
    assert "已存为常用：急件" in keep(client, "急件")
    row = SavedFilter.objects.get()
    assert (row.user, row.page, row.query) == (city.home.secretary, "work", "tab=new&track=urgent")
    page = open_page(client, "/desk/")
    assert "/desk/?tab=new&amp;track=urgent" in page and "急件" in page
    assert "急件" not in open_page(client, "/desk/requests/")  # each page has its own


def test_only_what_a_list_knows_is_kept(city: City) -> None:
    keep(secretary_of(city), "急件", "?page=7&next=//evil&track=urgent&tab=new&q=")
    assert SavedFilter.objects.get().query == "tab=new&track=urgent"


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("急件", "tab=new&track=hard", "已有叫“急件”的常用筛选"),
        ("别的", "track=urgent&tab=new", "同样的条件已经存为“急件”"),
        ("", "tab=mine", "请起个名字"),
        ("空的", "page=2", "先选一个分类或筛选条件"),
    ],
)
def test_duplicates_and_nothing_are_refused_in_words(city: City, name: str, query: str, said: str) -> None:
    client = secretary_of(city)
    keep(client, "急件")
    assert said in keep(client, name, query)
    assert SavedFilter.objects.count() == 1


def test_ten_at_most(city: City) -> None:
    client = secretary_of(city)
    for number in range(saving.MOST):
        keep(client, f"第{number}个", f"tab=new&q={number}")
    assert "最多存 10 个" in keep(client, "再一个", "tab=mine")
    assert SavedFilter.objects.count() == saving.MOST


def test_it_is_deleted_by_its_owner_only(city: City) -> None:
    client = secretary_of(city)
    keep(client, "急件")
    url = f"{SAVE}{SavedFilter.objects.get().pk}/delete/"
    assert strong_client(city.next_door.secretary).post(url).status_code == 404
    assert client.get(url).status_code == 405
    assert "已删除常用筛选：急件" in client.post(url, {"query": "tab=new"}, follow=True).content.decode()
    assert not SavedFilter.objects.exists()


def test_strangers_and_strange_pages_find_nothing(city: City) -> None:
    assert strong_client(a_user("居民")).post(SAVE, {"page": "work"}).status_code == 404
    assert (
        secretary_of(city).post(SAVE, {"page": "elsewhere", "name": "x", "query": "tab=new"}).status_code
        == 404
    )
