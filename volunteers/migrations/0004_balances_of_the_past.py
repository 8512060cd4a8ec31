from datetime import date
from zoneinfo import ZoneInfo

from django.db import migrations

CITY = ZoneInfo("Asia/Shanghai")


def add_up(apps, schema_editor):
    """The sums that entries of earlier versions would have left behind them."""
    sums = {}
    entries = apps.get_model("volunteers", "LedgerEntry").objects.order_by("id")
    for row in entries.values_list("volunteer", "claim", "served_at", "minutes", "off_hours_minutes").iterator():
        volunteer, claim, served_at, minutes, off_hours = row
        day = served_at.astimezone(CITY).date()
        quarter = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        claims = sums.setdefault((volunteer, quarter), {})
        before = claims.get(claim, (0, 0))
        claims[claim] = (before[0] + minutes, before[1] + off_hours)
    balance = apps.get_model("volunteers", "ServiceBalance")
    balance.objects.bulk_create(
        (
            balance(
                volunteer_id=volunteer,
                quarter=quarter,
                minutes=sum(each[0] for each in claims.values()),
                off_hours_minutes=sum(each[1] for each in claims.values()),
                times=sum(each[0] > 0 for each in claims.values()),
                off_hours_times=sum(each[1] > 0 for each in claims.values()),
            )
            for (volunteer, quarter), claims in sums.items()
        ),
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0003_the_whole_volunteer_side")]

    operations = [migrations.RunPython(add_up, migrations.RunPython.noop)]
