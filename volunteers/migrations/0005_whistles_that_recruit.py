"""The list of whistles for volunteers: its first page comes from what recruits in the district, by time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0004_balances_of_the_past")]

    operations = [
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(
                condition=models.Q(("state__in", ("open", "running"))),
                fields=["district", "starts_at", "id"],
                name="whistle_recruiting",
            ),
        ),
    ]
