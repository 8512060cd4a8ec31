from datetime import UTC, datetime

import pytest

from ground import clock

NOON = datetime(2026, 5, 1, 18, 0, tzinfo=UTC)


def test_the_clock_can_be_set_for_a_while_and_comes_back():
    with clock.at(NOON):
        assert clock.now() == NOON
        assert clock.today().isoformat() == "2026-05-02"  # past midnight in Shanghai
    assert clock.now() > NOON


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="aware"), clock.at(datetime(2026, 5, 1)):
        pass
