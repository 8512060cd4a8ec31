from datetime import UTC, datetime

import pytest

from operations.simulating.accounts import maker
from volunteers.models import CheckMark, ClaimEvent

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def test_a_row_that_was_made_quickly_is_what_the_model_makes():
    names = ("claim_id", "way", "by", "at", "received_at", "distance_m")
    values = (7, "in", "location", NOW, NOW, 12)
    quick, usual = maker(CheckMark, *names)(*values), CheckMark(**dict(zip(names, values, strict=True)))
    for field in CheckMark._meta.concrete_fields:
        assert getattr(quick, field.attname) == getattr(usual, field.attname)
    assert quick._state.adding and quick.device == ""


def test_a_default_that_is_reckoned_anew_is_not_shared_between_rows():
    with pytest.raises(ValueError, match="codes"):
        maker(ClaimEvent, "subject_id", "by_id", "step", "source", "target", "at")


def test_as_many_values_as_columns():
    with pytest.raises(ValueError, match="shorter"):
        maker(CheckMark, "claim_id", "way", "by", "at", "received_at")(1, "in")
