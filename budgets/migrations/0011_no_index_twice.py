import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('budgets', '0010_posting_in_full'),
    ]

    operations = [
        migrations.AlterField(
            model_name='balance',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='balances', to='budgets.fundsaccount'),
        ),
        migrations.AlterField(
            model_name='controlmonth',
            name='control',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='months', to='budgets.control'),
        ),
        migrations.AlterField(
            model_name='cover',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='covers', to='budgets.fundsaccount'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='budgets.fundsaccount'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='exchange_rate',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='budgets.exchangerate'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='journal',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='budgets.journal'),
        ),
        migrations.AlterField(
            model_name='excused',
            name='control',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='excused', to='budgets.control'),
        ),
        migrations.AlterField(
            model_name='link',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='links', to='budgets.fundsaccount'),
        ),
    ]
