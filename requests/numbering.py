"""Numbers that people can read out on the telephone: letters of the district, day, count.

Requests read WJ20261120-0042; whistles carry the mark S for 哨 and three digits: WJS20261120-001.
"""

from __future__ import annotations

from ground import clock
from organizations.models import Organization
from requests.models import NumberSeries


def lock_series(district: Organization, mark: str = "") -> NumberSeries:
    """Today's series of a district, locked until the transaction ends: what is filed in a day queues up here.

    A district without letters shares the series of WS.
    """
    prefix = f"{district.letters or 'WS'}{mark}{clock.today():%Y%m%d}"
    NumberSeries.objects.get_or_create(prefix=prefix)
    return NumberSeries.objects.select_for_update().get(prefix=prefix)


def take_number(series: NumberSeries, digits: int = 4) -> str:
    """The next number of a locked series; given back if the transaction fails, so there are no gaps."""
    series.last += 1
    series.save(update_fields=["last"])
    return f"{series.prefix}-{series.last:0{digits}d}"
