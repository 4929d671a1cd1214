import core.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0027_call_offs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(choices=[('queue', 'queue'), ('requests', 'requests')], max_length=10)),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(help_text='Such as: kind=travel&due=overdue.', max_length=600)),
                ('saved_at', models.DateTimeField(default=core.clock.now)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('person', 'page', 'name'), name='saved_view_name_once'), models.CheckConstraint(condition=models.Q(('page__in', ['queue', 'requests'])), name='saved_view_page_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), models.Q(('query', ''), _negated=True)), name='saved_view_says_something')],
            },
        ),
    ]
