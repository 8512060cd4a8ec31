"""One community with one credited service, a liaison of the unit, and the 30th of November."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ground import clock
from organizations.posts import Post
from tests.factories import a_unit, a_user, appoint
from tests.volunteers import scenes
from tests.volunteers.summaries.cast import DAY
from tests.volunteers.summary_scenes import moment


@pytest.fixture
def city() -> Any:
    """One service of an employed member on 20 November."""
    made = scenes.a_city()
    made.home.extra["unit"] = a_unit(made, "市教育局")
    volunteer = scenes.a_volunteer(made, unit=made.home.extra["unit"], name="欧阳海")
    scenes.credited(made.home, volunteer, starts_at=moment(DAY, 19))
    return made


@pytest.fixture(autouse=True)
def today():
    with clock.at(moment(date(2026, 11, 30), 10)):
        yield


@pytest.fixture
def liaison(city) -> Any:
    user = a_user("联络员")
    appoint(user, Post.UNIT_LIAISON, city.home.extra["unit"])
    return user
