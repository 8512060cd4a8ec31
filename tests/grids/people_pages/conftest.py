"""A city, its secretary, and one person whose name and number are known."""

from __future__ import annotations

import pytest
from django.test import Client

from grids.models import Resident
from tests.factories import City, a_city
from tests.grids.homes import a_resident
from tests.signing_in import strong_client


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def secretary(city: City) -> Client:
    return strong_client(city.home.secretary)


@pytest.fixture
def person(city: City) -> Resident:
    return a_resident(city.home, "欧阳海", phone="13800138000", relation="head")
