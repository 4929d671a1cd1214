import core.clock
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('budgets', '0007_expectation'),
        ('core', '0002_audit_is_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Anchor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('taken_at', models.DateTimeField()),
                ('digest', models.CharField(max_length=64)),
                ('name', models.CharField(max_length=120)),
                ('accounts', models.PositiveIntegerField()),
                ('journals', models.BigIntegerField()),
                ('entries', models.BigIntegerField()),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('valid_on', models.DateField()),
                ('rate', models.DecimalField(decimal_places=10, max_digits=20)),
                ('source', models.CharField(help_text='Who says so: a bank, a central bank, a contract.', max_length=100)),
                ('stated_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['entity', 'currency', '-valid_on', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Excused',
            fields=[
                ('pk', models.CompositePrimaryKey('control_id', 'first', 'last', blank=True, editable=False, primary_key=True, serialize=False)),
                ('control', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='excused', to='budgets.control')),
                ('first', models.DateField()),
                ('last', models.DateField()),
                ('amount', models.DecimalField(decimal_places=6, help_text='Above what the limit and its tolerance let pass.', max_digits=24)),
            ],
            options={
                'verbose_name_plural': 'excused',
            },
        ),
        migrations.RemoveConstraint(
            model_name='journal',
            name='journal_kind_is_known',
        ),
        migrations.AddField(
            model_name='balance',
            name='pooled_allotted',
            field=models.DecimalField(decimal_places=2, default=0, help_text="In the entity's currency, at the entries' rates.", max_digits=18),
        ),
        migrations.AddField(
            model_name='balance',
            name='pooled_held',
            field=models.DecimalField(decimal_places=2, default=0, max_digits=18),
        ),
        migrations.AddField(
            model_name='control',
            name='currency',
            field=models.CharField(default='XXX', help_text="That of its accounts, or the entity's where it covers several budgets.", max_length=3),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='control',
            name='origin',
            field=models.CharField(choices=[('version', "the budget's version"), ('person', 'a person'), ('changed', 'a person, over the version')], default='version', max_length=10),
        ),
        migrations.AddField(
            model_name='control',
            name='own_limit',
            field=models.DecimalField(decimal_places=2, help_text='For each window; without one, the roll-up of what it covers.', max_digits=18, null=True),
        ),
        migrations.AddField(
            model_name='entry',
            name='pooled',
            field=models.DecimalField(decimal_places=2, default=0, help_text="The amount in the entity's currency.", max_digits=18),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='entry',
            name='rate',
            field=models.DecimalField(decimal_places=10, default=1, help_text="What one unit of the account's currency was in the entity's.", max_digits=20),
        ),
        migrations.AddField(
            model_name='entry',
            name='recorded_at',
            field=models.DateTimeField(default='2020-01-01T00:00:00Z', help_text="Its journal's moment."),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='journal',
            name='form',
            field=models.PositiveSmallIntegerField(default=2, help_text="The form of its links' text."),
        ),
        migrations.AddField(
            model_name='journal',
            name='is_override',
            field=models.BooleanField(default=False, help_text='Passes a stop: an approval lets it.'),
        ),
        migrations.AddField(
            model_name='journal',
            name='settles',
            field=models.ForeignKey(help_text='The pending journal it uses up.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='settled_by', to='budgets.journal'),
        ),
        migrations.AlterField(
            model_name='journal',
            name='kind',
            field=models.CharField(choices=[('allot', 'allotment'), ('revise', 'revision'), ('reserve', 'reservation'), ('release', 'release'), ('commit', 'commitment'), ('spend', 'spend'), ('liquidate', 'liquidation'), ('paid', 'payment'), ('recode', 're-coding'), ('transfer', 'transfer'), ('carry', 'carry-forward'), ('move', 'move to another month'), ('opening', 'opening balance'), ('reverse', 'reversal')], max_length=40),
        ),
        migrations.AddConstraint(
            model_name='control',
            constraint=models.CheckConstraint(condition=models.Q(('own_limit__isnull', True), ('own_limit__gte', 0), _connector='OR'), name='control_limit_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='control',
            constraint=models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='control_currency_is_iso'),
        ),
        migrations.AddConstraint(
            model_name='control',
            constraint=models.CheckConstraint(condition=models.Q(('origin__in', ['version', 'person', 'changed'])), name='control_origin_is_known'),
        ),
        migrations.AddConstraint(
            model_name='journal',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['allot', 'revise', 'reserve', 'release', 'commit', 'spend', 'liquidate', 'paid', 'recode', 'transfer', 'carry', 'move', 'opening', 'reverse'])), name='journal_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='journal',
            constraint=models.CheckConstraint(condition=models.Q(('is_fact', False), ('is_override', False), _connector='OR'), name='journal_is_a_fact_or_an_override'),
        ),
        migrations.AddConstraint(
            model_name='journal',
            constraint=models.CheckConstraint(condition=models.Q(('form__in', [1, 2])), name='journal_form_is_known'),
        ),
        migrations.AddField(
            model_name='exchangerate',
            name='entity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exchange_rates', to='core.entity'),
        ),
        migrations.AddField(
            model_name='exchangerate',
            name='stated_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='entry',
            name='exchange_rate',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='budgets.exchangerate'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['recorded_at'], name='entries_by_moment', pages_per_range=32),
        ),
        migrations.AddIndex(
            model_name='exchangerate',
            index=models.Index(fields=['entity', 'currency', '-valid_on', '-id'], name='exchange_rates_newest_first'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='exchange_rate_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='exchange_rate_currency_is_iso'),
        ),
        migrations.AddConstraint(
            model_name='excused',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='excused_is_something'),
        ),
    ]
