"""Requests filed before the clocks ran by themselves get the moments that the platform acts on."""

from datetime import timedelta

from django.db import migrations
from django.db.models import Case, F, Q, Value, When

OPEN = ("submitted", "accepted", "in_progress")


def fill(apps, schema_editor):
    rows = apps.get_model("requests", "ServiceRequest").objects
    # Half time and four fifths are not made up for: the next thing they hear is that it is due.
    rows.filter(state__in=OPEN).update(due_from=F("submitted_at"), next_at=F("due"), reminded=2)
    lapse = F("resolved_at") + timedelta(days=7)
    rows.filter(state="resolved").update(lapse_due=lapse, next_at=lapse)
    rows.filter(state="closed").update(reopen_until=F("ended_at") + timedelta(days=15))
    rows.filter(state="declined").update(object_until=F("ended_at") + timedelta(days=15))
    in_time = Case(When(accepted_at__lte=F("accept_due"), then=Value(True)), default=Value(False))
    rows.filter(accepted_at__isnull=False).update(accepted_in_time=in_time)
    in_time = Case(When(ended_at__lte=F("accept_due"), then=Value(True)), default=Value(False))
    rows.filter(Q(state="declined")).update(accepted_in_time=in_time)


class Migration(migrations.Migration):
    dependencies = [("requests", "0002_the_whole_workflow")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
