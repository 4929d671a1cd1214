import core.clock
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.expressions
import reconciliation.models.ingest
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('budgets', '0001_initial'),
        ('core', '0001_initial'),
        ('core', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=60)),
                ('name', models.CharField(max_length=200)),
                ('format', models.CharField(choices=[('spend_csv', 'spend, as CSV'), ('invoice_csv', 'invoices, as CSV'), ('bill_csv', 'a bill with groups, as CSV'), ('camt053', 'bank statement, camt.053')], max_length=20)),
                ('mapping', models.JSONField(default=dict, help_text='Checked by reconciliation.rules.mapping when it is saved.')),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sources', to='core.entity')),
            ],
            options={
                'ordering': ['entity', 'code'],
                'constraints': [models.UniqueConstraint(fields=('entity', 'code'), name='source_code_once'), models.CheckConstraint(condition=models.Q(('format__in', ['spend_csv', 'invoice_csv', 'bill_csv', 'camt053'])), name='source_format_is_known')],
            },
        ),
        migrations.CreateModel(
            name='ImportFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255)),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.PositiveBigIntegerField()),
                ('content', models.FileField(max_length=200, upload_to=reconciliation.models.ingest.path_of_bytes)),
                ('state', models.CharField(choices=[('received', 'received'), ('applying', 'being imported'), ('done', 'imported'), ('refused', 'refused')], default='received', max_length=20)),
                ('refused', models.CharField(blank=True, help_text='Why the file as a whole was refused, and the remedy.', max_length=600)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('first_on', models.DateField(null=True)),
                ('last_on', models.DateField(null=True)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('accepted', models.PositiveIntegerField(default=0)),
                ('quarantined', models.PositiveIntegerField(default=0)),
                ('duplicate', models.PositiveIntegerField(default=0)),
                ('ignored', models.PositiveIntegerField(default=0)),
                ('new', models.PositiveIntegerField(default=0)),
                ('known', models.PositiveIntegerField(default=0)),
                ('changed', models.PositiveIntegerField(default=0)),
                ('vanished', models.PositiveIntegerField(default=0)),
                ('control_total', models.DecimalField(decimal_places=2, default=0, help_text='Of every row with an amount.', max_digits=24)),
                ('accepted_total', models.DecimalField(decimal_places=2, default=0, max_digits=24)),
                ('quarantined_total', models.DecimalField(decimal_places=2, default=0, max_digits=24)),
                ('duplicate_total', models.DecimalField(decimal_places=2, default=0, max_digits=24)),
                ('ignored_total', models.DecimalField(decimal_places=2, default=0, max_digits=24)),
                ('findings', models.JSONField(default=list, encoder=django.core.serializers.json.DjangoJSONEncoder, help_text='Each with code, where, amount, sentence.')),
                ('received_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('finished_at', models.DateTimeField(null=True)),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.job')),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='reconciliation.source')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('source', 'sha256'), name='import_file_once'), models.CheckConstraint(condition=models.Q(('state__in', ['received', 'applying', 'done', 'refused'])), name='import_file_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), ('rows', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('accepted'), '+', models.F('quarantined')), '+', models.F('duplicate')), '+', models.F('ignored'))), _connector='OR'), name='import_file_rows_add_up'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), ('control_total', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('accepted_total'), '+', models.F('quarantined_total')), '+', models.F('duplicate_total')), '+', models.F('ignored_total'))), _connector='OR'), name='import_file_totals_add_up'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('refused', ''), _negated=True), _connector='OR'), name='import_file_refused_says_why')],
            },
        ),
        migrations.CreateModel(
            name='RawRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text="The row's number in its file, from 1; a statement's entry counts as a row.")),
                ('payload', models.JSONField(help_text='The cells as text, by column heading.')),
                ('fields', models.JSONField(default=dict, help_text='What the mapping read from it, as text.')),
                ('fingerprint', models.CharField(max_length=32)),
                ('identity', models.CharField(blank=True, help_text='Hash of vendor and document number; blank: it has none.', max_length=32)),
                ('occurred_on', models.DateField(null=True)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('status', models.CharField(choices=[('pending', 'waiting'), ('accepted', 'accepted'), ('quarantined', 'quarantined'), ('duplicate', 'already here'), ('ignored', 'ignored')], default='pending', max_length=12)),
                ('reason_code', models.CharField(blank=True, max_length=40)),
                ('reason', models.CharField(blank=True, max_length=400)),
                ('remedy', models.CharField(blank=True, max_length=400)),
                ('fixes', models.JSONField(default=dict, help_text='What a person said instead, by field.')),
                ('fixed_at', models.DateTimeField(null=True)),
                ('produced_type', models.CharField(blank=True, help_text='journal, invoice or statement.', max_length=20)),
                ('produced_id', models.BigIntegerField(null=True)),
                ('month', models.DateField(help_text='The month it was posted in.', null=True)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='budgets.fundsaccount')),
                ('duplicate_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reconciliation.rawrow')),
                ('fixed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('gone_with', models.ForeignKey(help_text='The later file that restated this row.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reconciliation.importfile')),
                ('import_file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='raw_rows', to='reconciliation.importfile')),
                ('replaces', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reconciliation.rawrow')),
            ],
            options={
                'ordering': ['import_file', 'number'],
                'indexes': [models.Index(fields=['import_file', 'status', 'number'], name='raw_rows_by_status'), models.Index(fields=['import_file', 'occurred_on'], name='raw_rows_by_day')],
                'constraints': [models.UniqueConstraint(fields=('import_file', 'number'), name='raw_row_once'), models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'accepted', 'quarantined', 'duplicate', 'ignored'])), name='raw_row_status_is_known'), models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'accepted']), models.Q(('reason_code', ''), _negated=True), _connector='OR'), name='raw_row_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'quarantined'), _negated=True), models.Q(('remedy', ''), _negated=True), _connector='OR'), name='raw_row_in_quarantine_has_its_remedy')],
            },
        ),
    ]
