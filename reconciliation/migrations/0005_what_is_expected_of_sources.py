import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# A source that is here already comes out of what its format is usual for; only spend and bills leave a choice.
SQL = """
UPDATE reconciliation_source SET system = CASE format
    WHEN 'spend_csv' THEN 'erp' WHEN 'bill_csv' THEN 'billing' WHEN 'invoice_csv' THEN 'invoices' ELSE 'bank' END
"""


class Migration(migrations.Migration):

    dependencies = [
        ('budgets', '0022_attributes_of_ones_own'),
        ('core', '0013_calendars_of_people'),
        ('reconciliation', '0004_attributes_of_ones_own'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='rawrow',
            name='document_on',
            field=models.DateField(help_text="The document's own date, where the file states one besides.", null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='cadence',
            field=models.CharField(choices=[('none', 'not regularly'), ('daily', 'each day from Monday to Friday'), ('weekly', 'each week'), ('monthly', 'each month'), ('quarterly', 'each quarter')], default='none', help_text='How often a file is expected.', max_length=20),
        ),
        migrations.AddField(
            model_name='source',
            name='grace_days',
            field=models.PositiveSmallIntegerField(default=0, help_text='How many days it may be late before it counts as late.'),
        ),
        migrations.AddField(
            model_name='source',
            name='keeper',
            field=models.ForeignKey(blank=True, help_text='Whom to ask for it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='source',
            name='system',
            field=models.CharField(choices=[('erp', 'ERP'), ('billing', 'billing'), ('cards', 'cards'), ('invoices', 'invoices'), ('bank', 'bank'), ('other', 'another system')], default='other', help_text='Which system its files come out of.', max_length=20),
            preserve_default=False,
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='rawrow',
            name='occurred_on',
            field=models.DateField(help_text='The day by which it is posted.', null=True),
        ),
        migrations.AddIndex(
            model_name='rawrow',
            index=models.Index(condition=models.Q(('document_on__isnull', False)), fields=['import_file'], name='raw_rows_with_documents'),
        ),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('format', 'camt053'), ('system', 'bank')), models.Q(('format', 'invoice_csv'), ('system', 'invoices')), models.Q(('format__in', ['spend_csv', 'bill_csv']), ('system__in', ['erp', 'billing', 'cards', 'other'])), _connector='OR'), name='source_system_fits_its_format'),
        ),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cadence', 'none'), ('grace_days', 0)), models.Q(('cadence__in', ['daily', 'weekly', 'monthly', 'quarterly']), ('grace_days__lte', 60)), _connector='OR'), name='source_cadence_is_known'),
        ),
    ]
