"""Years beside months: what is there is added up here, so that no page shows an empty year until the next round."""

from itertools import groupby

from django.db import migrations, models

PORTION = 1_000


def add_up(apps, schema_editor):
    Rollup = apps.get_model("dashboards", "Rollup")
    months = Rollup.objects.filter(span="month").order_by("place", "starts_on")
    rows = months.values_list("place", "starts_on", "figures").iterator(PORTION)
    years = []
    for (place, year), parts in groupby(rows, key=lambda row: (row[0], row[1].replace(month=1))):
        figures = {}
        for _, _, counted in parts:
            for name, number in counted.items():
                figures[name] = figures.get(name, 0) + number
        years.append(Rollup(place=place, span="year", starts_on=year, figures=figures))
        if len(years) == PORTION:
            Rollup.objects.bulk_create(years)
            years = []
    Rollup.objects.bulk_create(years)
    # A round of the code before may have been writing: the next one counts everything.
    apps.get_model("dashboards", "RollupState").objects.update(full_at=None)


def forget(apps, schema_editor):
    apps.get_model("dashboards", "Rollup").objects.filter(span="year").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("dashboards", "0003_patterns_told"),
    ]

    operations = [
        migrations.AlterField(
            model_name="rollup",
            name="span",
            field=models.CharField(
                choices=[("day", "日"), ("month", "月"), ("year", "年")], max_length=5, verbose_name="跨度"
            ),
        ),
        migrations.RunPython(add_up, forget),
    ]
