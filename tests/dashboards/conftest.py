"""A district with two communities, and the officer who looks at it."""

import pytest

from accounts.models import User
from organizations.posts import Post
from tests.factories import City, a_user, appoint
from tests.volunteers import scenes


@pytest.fixture
def city() -> City:
    return scenes.a_city()


@pytest.fixture
def officer(city: City) -> User:
    officer = a_user("谢科长")
    appoint(officer, Post.OFFICER, city.district)
    return officer
