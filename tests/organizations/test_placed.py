"""Scope columns come from the tree as it stands, not as it stood when the node was read."""

from __future__ import annotations

import pytest

from organizations import tree
from organizations.models import Organization
from organizations.posts import Tier
from tests.factories import a_city
from tests.workflow import filed

pytestmark = pytest.mark.django_db


def test_planting_beside_a_node_that_was_read_before_does_not_misplace_what_is_put_under_it():
    city = a_city()
    other = tree.plant(
        parent=city.district, tier=Tier.STREET, name="二街道党工委", short_name="二街道", by=None
    )
    community = tree.plant(
        parent=other, tier=Tier.COMMUNITY, name="江湾社区党委", short_name="江湾社区", by=None
    )
    read_before = Organization.objects.get(pk=community.pk)
    for number in range(6):
        tree.plant(parent=city.street, tier=Tier.COMMUNITY, name=f"新{number}社区党委", by=None)
    service_request = filed(city, community=read_before)
    service_request.refresh_from_db()
    assert service_request.street == other
    assert service_request.community == community
    assert service_request.district == city.district
