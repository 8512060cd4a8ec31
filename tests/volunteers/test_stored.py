"""The page of one's own account says what every floor stores about one."""

import pytest

from tests.signing_in import weak_client
from tests.walk import world as worlds

pytestmark = pytest.mark.django_db


def test_a_member_reads_what_is_stored_about_him_and_a_resident_too():
    world = worlds.build()
    page = weak_client(world.volunteer.user).get("/me/").content.decode()
    for words in ("党员登记", "在职党员", "第一网格（已报到）", "接单 2 次，台账 1 条"):
        assert words in page, words
    page = weak_client(world.resident).get("/me/").content.decode()
    assert "1 件，照片 1 张" in page and "党员登记" not in page


def test_the_posts_in_force_are_listed_and_the_phone_stays_masked():
    world = worlds.build()
    page = weak_client(world.home.secretary).get("/me/").content.decode()
    assert "花城社区党委 书记" in page and world.home.secretary.phone not in page
