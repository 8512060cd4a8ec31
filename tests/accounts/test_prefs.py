"""Large type and theme: remembered in cookies, with and without JavaScript."""

import pytest
from django.test import RequestFactory

from accounts import prefs


def post(**data: str):
    return prefs.prefs(RequestFactory().post("/prefs/", data))


def test_large_type_is_remembered_and_one_comes_back_where_one_was():
    response = post(size="large", next="/requests/?state=open")
    assert response.cookies["ws_size"].value == "large"
    assert response.url == "/requests/?state=open"


def test_one_choice_leaves_the_other_alone():
    assert "ws_theme" not in post(size="large").cookies


@pytest.mark.parametrize("value", ["standard", "enormous", ""])
def test_anything_else_is_standard(value):
    assert post(size=value).cookies["ws_size"].value == ""


def test_nobody_is_sent_to_another_site():
    assert post(theme="dark", next="https://elsewhere.example/").url == "/"


def test_templates_get_only_what_is_known():
    request = RequestFactory().get("/")
    request.COOKIES = {"ws_size": "large", "ws_theme": '"><script>'}
    assert prefs.context(request) == {"prefs": {"size": "large", "theme": ""}}
