"""A community that moves takes its whistles and registrations along; what was credited stays where it was."""

import pytest

from ground import clock
from organizations import tree
from organizations.posts import Tier
from tests.volunteers.scenes import FRIDAY_NOON, a_city, a_volunteer, a_whistle

pytestmark = pytest.mark.django_db


def test_whistles_and_registrations_follow_the_tree():
    with clock.at(FRIDAY_NOON):
        city = a_city()
        volunteer, whistle = a_volunteer(city), a_whistle(city.home)
        district = tree.plant(parent=None, tier=Tier.DISTRICT, name="浈江区委", by=None)
        street = tree.plant(parent=district, tier=Tier.STREET, name="东河街道党工委", by=None)
        tree.move(city.home.organization, to=street, by=None)
    for row in (whistle, volunteer.registrations.get()):
        row.refresh_from_db()
        assert (row.district, row.street, row.community) == (district, street, city.home.organization)
