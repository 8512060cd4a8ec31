"""Numbers of whistles: letters of the district, S for 哨, the day, a running number: WJS20261120-001."""

from __future__ import annotations

from ground import clock
from organizations.models import Organization
from requests.models import NumberSeries


def lock_series(district: Organization) -> NumberSeries:
    """Today's series of a district, locked until the transaction ends. It also orders drafts of one day."""
    prefix = f"{district.letters or 'WS'}S{clock.today():%Y%m%d}"
    NumberSeries.objects.get_or_create(prefix=prefix)
    return NumberSeries.objects.select_for_update().get(prefix=prefix)


def next_number(series: NumberSeries) -> str:
    """Take the next number of a locked series."""
    series.last += 1
    series.save(update_fields=["last"])
    return f"{series.prefix}-{series.last:03d}"
