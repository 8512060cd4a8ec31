"""Tiles under the maps: from the environment only, and nobody is asked without it."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import override_settings

from governance import environment
from ground import clock
from tests.dashboards.map_scenes import NOW, a_drawn_city, count, officer_at
from tests.desk.scenes import open_page

TIANDITU = {
    "WENSHAO_TILES_URL": "https://t{s}.tianditu.gov.cn/DataServer?T=vec_w&x={x}&y={y}&l={z}&tk={key}",
    "WENSHAO_TILES_KEY": "abc123",
    "WENSHAO_TILES_SUBDOMAINS": "0,1",
    "WENSHAO_TILES_ATTRIBUTION": "天地图 GS(2024)0568号",
}
PLAIN = "img-src 'self' data: blob:;"


def test_the_environment_names_server_hosts_and_words():
    assert environment.tiles({}) is None and environment.tiles({"WENSHAO_TILES_URL": " "}) is None
    tiles = environment.tiles(TIANDITU)
    assert tiles == {
        "url": "https://t{s}.tianditu.gov.cn/DataServer?T=vec_w&x={x}&y={y}&l={z}&tk=abc123",
        "subdomains": ["0", "1"],
        "attribution": "天地图 GS(2024)0568号",
        "hosts": ["https://t0.tianditu.gov.cn", "https://t1.tianditu.gov.cn"],
    }
    own = environment.tiles({"WENSHAO_TILES_URL": "http://10.0.0.5:8081/{z}/{x}/{y}.png"})
    assert own is not None and own["hosts"] == ["http://10.0.0.5:8081"] and own["subdomains"] == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://host/{x}/{y}.png", "{z}"),
        ("ftp://host/{z}/{x}/{y}", "http"),
        ("/{z}/{x}/{y}.png", "http"),
        ("https://host; script-src *//{z}/{x}/{y}", "http"),
        ("https://host/{z}/{x}/{y}?tk={key}", "WENSHAO_TILES_KEY"),
        ("https://{z}.host/{x}/{y}", "host"),
    ],
)
def test_what_cannot_work_refuses_to_start(url, why):
    with pytest.raises(SystemExit) as stopped:
        environment.tiles({"WENSHAO_TILES_URL": url})
    assert why in str(stopped.value)


@pytest.mark.django_db
def test_without_a_server_no_page_may_ask_anybody_else():
    cache.clear()
    city = a_drawn_city()
    count()
    client = officer_at(city.street)
    with clock.at(NOW):
        answer = client.get(f"/dashboards/{city.street.pk}/map/")
    assert PLAIN in answer.headers["Content-Security-Policy"]
    assert "data-tiles" not in answer.content.decode()


@pytest.mark.django_db
def test_with_one_pictures_come_from_its_hosts_on_dashboards_alone():
    cache.clear()
    city = a_drawn_city()
    count()
    with override_settings(WENSHAO_TILES=environment.tiles(TIANDITU)), clock.at(NOW):
        client = officer_at(city.street)
        page = open_page(client, f"/dashboards/{city.street.pk}/map/")
        board = client.get(f"/dashboards/{city.street.pk}/").headers["Content-Security-Policy"]
        desk = client.get("/desk/requests/").headers["Content-Security-Policy"]
    assert "img-src 'self' data: blob: https://t0.tianditu.gov.cn https://t1.tianditu.gov.cn;" in board
    assert "script-src 'self';" in board and "connect-src 'self';" in board
    assert PLAIN in desk
    assert 'data-subdomains="0,1"' in page and "tk=abc123" in page and "审图" not in page
    assert 'data-attribution="天地图 GS(2024)0568号"' in page
