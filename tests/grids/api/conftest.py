"""A city, and who calls: the secretary at home, an officer of the street."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from grids.models import Resident
from organizations.posts import Post
from tests.factories import City, a_city, a_user, appoint
from tests.grids.api.calling import api
from tests.grids.people import a_household, a_resident


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def secretary(city: City) -> APIClient:
    return api(city.home.secretary)


@pytest.fixture
def officer(city: City) -> APIClient:
    user = a_user("街道")
    appoint(user, Post.OFFICER, city.street)
    return api(user)


@pytest.fixture
def resident(city: City) -> Resident:
    return a_resident(a_household(city.home.building))
