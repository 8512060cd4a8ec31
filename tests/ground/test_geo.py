"""Distances and the offset of Chinese maps, on known points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.geo import Point, distance_m, to_gcj02, to_wgs84


def test_a_degree_of_latitude_is_about_111_kilometres():
    assert distance_m(Point(113.6, 24.0), Point(113.6, 25.0)) == pytest.approx(111_195, abs=5)


def test_the_offset_at_a_known_point():
    shifted = to_gcj02(Point(116.404, 39.915))
    assert shifted.lng == pytest.approx(116.410244, abs=1e-6)
    assert shifted.lat == pytest.approx(39.916404, abs=1e-6)


def test_there_is_no_offset_abroad():
    assert to_gcj02(Point(2.35, 48.85)) == Point(2.35, 48.85)


@given(st.floats(75, 134), st.floats(18, 53))
def test_what_a_phone_reports_in_gcj02_comes_back_within_a_metre(lng, lat):
    real = Point(lng, lat)
    assert distance_m(to_wgs84(to_gcj02(real), "gcj02"), real) < 1


def test_an_unknown_datum_is_refused():
    with pytest.raises(ValueError, match="bd09"):
        to_wgs84(Point(113, 24), "bd09")
