from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = (Path(__file__).parent / "sql/0031_open_places.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0030_somebody_is_left'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OpenPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='open_places', to='approvals.stage')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'stage'), name='open_place_once')],
            },
        ),
        migrations.RunSQL(SQL),
    ]
