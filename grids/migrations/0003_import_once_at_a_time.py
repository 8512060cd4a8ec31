from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('grids', '0002_registry'),
    ]

    operations = [
        migrations.AddField(
            model_name='importjob',
            name='digest',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddConstraint(
            model_name='importjob',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'checking', 'checked', 'loading']), models.Q(('digest', ''), _negated=True)), fields=('community', 'digest'), name='import_once_at_a_time', violation_error_message='这个文件正在导入。'),
        ),
    ]
