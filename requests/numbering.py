"""Numbers that people can read out on the telephone: letters of the district, day, count.

Requests read WJ20261120-0042; whistles carry the mark S for 哨 and three digits: WJS20261120-001.
"""

from __future__ import annotations

from django.db import connection

from ground import clock
from organizations.models import Organization
from requests.models import NumberSeries

_TAKE = (
    "INSERT INTO {table} (prefix, last) VALUES (%s, 1) "
    "ON CONFLICT (prefix) DO UPDATE SET last = {table}.last + 1 RETURNING last"
)


def next_number(district: Organization) -> str:
    """The next number of today's series, which stays locked until the transaction ends. One statement."""
    prefix = _prefix(district)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(table=connection.ops.quote_name(NumberSeries._meta.db_table)), [prefix])
        (last,) = cursor.fetchone()
    return f"{prefix}-{last:04d}"


def _prefix(district: Organization, mark: str = "") -> str:
    return f"{district.letters or 'WS'}{mark}{clock.today():%Y%m%d}"


def lock_series(district: Organization, mark: str = "") -> NumberSeries:
    """Today's series of a district, locked until the transaction ends: what is filed in a day queues up here.

    A district without letters shares the series of WS.
    """
    prefix = _prefix(district, mark)
    series = NumberSeries.objects.select_for_update().filter(prefix=prefix)
    if (locked := series.first()) is not None:
        return locked
    NumberSeries.objects.get_or_create(prefix=prefix)  # the first of the day
    return series.get()


def take_number(series: NumberSeries, digits: int = 4) -> str:
    """The next number of a locked series; given back if the transaction fails, so there are no gaps."""
    series.last += 1
    series.save(update_fields=["last"])
    return f"{series.prefix}-{series.last:0{digits}d}"
