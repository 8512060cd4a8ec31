"""Numbers that people can read out on the telephone: WJ20261120-0042 (letters of the district, day, count)."""

from __future__ import annotations

from ground import clock
from organizations.models import Organization
from requests.models import NumberSeries


def lock_series(district: Organization) -> NumberSeries:
    """Today's series of a district, locked until the transaction ends: submissions of a day queue up here.

    A district without letters shares the series of WS.
    """
    prefix = f"{district.letters or 'WS'}{clock.today():%Y%m%d}"
    NumberSeries.objects.get_or_create(prefix=prefix)
    return NumberSeries.objects.select_for_update().get(prefix=prefix)


def take_number(series: NumberSeries) -> str:
    """The next number of a locked series; given back if the transaction fails, so there are no gaps."""
    series.last += 1
    series.save(update_fields=["last"])
    return str(series)
