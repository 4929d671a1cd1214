import core.clock
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('budgets', '0001_initial'),
        ('core', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Pack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(help_text='The first day of the month reported.')),
                ('issue', models.PositiveIntegerField(help_text='1 for the first, one more for each re-issue.')),
                ('snapshot', models.TextField()),
                ('snapshot_sha256', models.CharField(max_length=64)),
                ('figures_sha256', models.CharField(help_text='Of the figures alone: equal where nothing changed.', max_length=64)),
                ('last_journal', models.BigIntegerField(help_text='The high-water mark: no later journal is in it.')),
                ('is_final', models.BooleanField(help_text='The month was closed when it was issued.')),
                ('note', models.CharField(blank=True, help_text='Why it was issued again.', max_length=400)),
                ('issued_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('budget', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='packs', to='budgets.budget')),
                ('issued_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reissue_of', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reissued_as', to='reporting.pack')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['budget', '-month', '-issue'], name='packs_newest_first')],
                'constraints': [models.UniqueConstraint(fields=('budget', 'month', 'issue'), name='pack_issue_once'), models.CheckConstraint(condition=models.Q(('month__day', 1)), name='pack_month_begins_on_the_first'), models.CheckConstraint(condition=models.Q(models.Q(('issue', 1), ('reissue_of__isnull', True)), models.Q(('issue__gt', 1), ('reissue_of__isnull', False)), _connector='OR'), name='pack_reissue_points_at_the_one_before'), models.CheckConstraint(condition=models.Q(('figures_sha256__regex', '^[0-9a-f]{64}$'), ('snapshot_sha256__regex', '^[0-9a-f]{64}$')), name='pack_bears_its_hashes')],
            },
        ),
        migrations.CreateModel(
            name='PackFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.BinaryField()),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.PositiveIntegerField(help_text='Bytes.')),
                ('pages', models.PositiveIntegerField()),
                ('renderer', models.CharField(help_text='What made it, with its version.', max_length=80)),
                ('rendered_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('pack', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='file', to='reporting.pack')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('sha256__regex', '^[0-9a-f]{64}$')), name='pack_file_bears_its_hash'), models.CheckConstraint(condition=models.Q(('pages__gte', 1)), name='pack_file_has_pages')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pack',
            trigger=pgtrigger.compiler.Trigger(name='pack_is_written_once', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='aa405eeb68c9d29eebf1e19be8db0cdb6d7d833e', operation='UPDATE OR DELETE', pgid='pgtrigger_pack_is_written_once_4a78f', table='reporting_pack', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='packfile',
            trigger=pgtrigger.compiler.Trigger(name='pack_file_is_written_once', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='78ac8b6a152bf8f97819899762e105301e41e03b', operation='UPDATE OR DELETE', pgid='pgtrigger_pack_file_is_written_once_6933f', table='reporting_packfile', when='BEFORE')),
        ),
    ]
