"""What pages say: times, dues, masks, figures, and filters that stay in the URL."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template
from django.test import RequestFactory

from ground.templatetags import wenshao

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 11, 20, 9, 40, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def friday_morning():
    with time_machine.travel(FRIDAY, tick=False):
        yield


def at(*args: int) -> datetime:
    return datetime(*args, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (at(2026, 11, 20, 14, 20), "今天 14:20"),
        (at(2026, 11, 19, 16, 5), "昨天 16:05"),
        (at(2026, 11, 21, 9, 0), "明天 09:00"),
        (at(2026, 11, 16, 18, 0), "周一 18:00"),
        (at(2026, 11, 23, 18, 0), "下周一 18:00"),
        (at(2026, 11, 3, 10, 0), "11月3日"),
        (at(2025, 11, 3, 10, 0), "2025年11月3日"),
        (date(2026, 11, 20), "今天"),
        (None, ""),
    ],
)
def test_a_time_is_said_as_people_say_it(moment, said):
    assert wenshao.when(moment) == said


def test_the_day_is_the_day_in_shanghai():
    assert wenshao.when(datetime(2026, 11, 19, 17, 0, tzinfo=UTC)) == "今天 01:00"


def test_styles_of_a_time():
    moment = at(2026, 11, 3, 10, 5)
    assert wenshao.when(moment, "time") == "11月3日 10:05"
    assert wenshao.when(moment, "full") == "2026年11月3日 10:05"
    assert wenshao.when(FRIDAY, "day") == "今天"


def test_a_time_element_is_exact_for_machines():
    assert 'datetime="2026-11-20T09:40+08:00"' in wenshao.time(FRIDAY)


def test_a_window_names_its_day_once():
    assert wenshao.window(at(2026, 11, 21, 15, 0), at(2026, 11, 21, 17, 0)) == "明天 15:00–17:00"
    assert wenshao.window(at(2026, 11, 20, 22, 0), at(2026, 11, 21, 1, 0)) == "今天 22:00 – 明天 01:00"


@pytest.mark.parametrize(
    ("left", "said", "state"),
    [
        (timedelta(minutes=9), "受理还剩 9 分", "soon"),
        (timedelta(hours=3), "今天 12:40 前受理", "soon"),
        (timedelta(hours=8, minutes=20), "今天 18:00 前受理", "wait"),
        (timedelta(hours=-2, minutes=-10), "受理已超时 2 小时", "late"),
        (timedelta(days=-3), "受理已超时 3 天", "late"),
    ],
)
def test_a_due_time_says_how_much_is_left(left, said, state):
    due = wenshao.due(FRIDAY + left, "受理")
    assert (str(due), due.state) == (said, state)


def test_no_clock_no_due():
    assert wenshao.due(None) is None


def test_figures():
    assert wenshao.minutes_as_hours(780) == "13"
    assert wenshao.minutes_as_hours(750) == "12.5"
    assert wenshao.minutes_as_hours(60 * 6482) == "6,482"
    assert wenshao.duration(40) == "40 分钟"
    assert wenshao.distance(623) == "620 米"
    assert wenshao.distance(1130) == "1.1 公里"
    assert wenshao.percent(0.976) == "97.6%"
    assert wenshao.percent(None) == "—"
    assert wenshao.share(13, 20) == "65.0"
    assert wenshao.share(3, 0) == "0"
    assert wenshao.share(30, 20) == "100.0"


def test_a_track_is_known_by_its_code():
    assert wenshao.track("URGENT").sign == "急"
    assert wenshao.track(SimpleNamespace(value="HARD")).css == "hard"
    assert wenshao.track("") is None


def query(url: str, **changes: object) -> str:
    return wenshao.url_with(Context({"request": RequestFactory().get(url)}), **changes)


def test_a_filter_keeps_the_others_and_starts_on_the_first_page():
    assert query("/desk/?tab=late&page=4", grid=5) == "?tab=late&grid=5"
    assert query("/desk/?tab=late&page=4", page=5) == "?tab=late&page=5"
    assert query("/desk/?tab=late&grid=5", grid=None) == "?tab=late"


def test_an_icon_speaks_only_when_it_has_words():
    assert 'aria-hidden="true"' in wenshao.icon("phone")
    assert 'aria-label="打电话"' in wenshao.icon("phone", "打电话")


def test_every_icon_that_a_template_names_is_drawn():
    import re
    from pathlib import Path

    drawn = set(re.findall(r'symbol id="([^"]+)"', Path("static/icons/sprite.svg").read_text()))
    pages = list(Path("templates").rglob("*.html"))
    named = {name for page in pages for name in re.findall(r'{%\s*icon "([^"]+)"', page.read_text())}
    named |= {name for page in pages for name in re.findall(r'icon_name="([^"]+)"', page.read_text())}
    assert named - drawn == set()


def test_a_text_in_a_part_is_escaped():
    part = Template("{% load wenshao %}{% icon 'tick' label %}").render(Context({"label": '"><script>'}))
    assert "<script>" not in part
