from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = (Path(__file__).parent / "sql/0027_call_offs.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0026_approvals_that_stand'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='request',
            name='what_is_asked_stays',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='round',
            name='content_stays',
        ),
        migrations.AddField(
            model_name='request',
            name='under_contract',
            field=models.ForeignKey(blank=True, help_text='The contract that it is called off from. What the database holds of it: `migrations/sql/0027_call_offs.sql`.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='call_offs', to='approvals.contract'),
        ),
        migrations.AddField(
            model_name='round',
            name='beyond_contract_role',
            field=models.CharField(blank=True, db_default='', editable=False, help_text='Who is asked beyond a contract. The database writes it, see `migrations/sql/0027_call_offs.sql`.', max_length=300),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='request',
            trigger=pgtrigger.compiler.Trigger(name='what_is_asked_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state NOT IN ('draft', 'returned')\n    AND (OLD.kind, OLD.vendor_id, OLD.currency, OLD.amount, OLD.monthly_increase, OLD.digest, OLD.policy_version_id,\n         OLD.tags, OLD.is_emergency, OLD.card_id, OLD.under_contract_id, OLD.risk_score, OLD.risk_reasons, OLD.subject_kind,\n         OLD.submitted_at)\n    IS DISTINCT FROM\n    (NEW.kind, NEW.vendor_id, NEW.currency, NEW.amount, NEW.monthly_increase, NEW.digest, NEW.policy_version_id,\n     NEW.tags, NEW.is_emergency, NEW.card_id, NEW.under_contract_id, NEW.risk_score, NEW.risk_reasons, NEW.subject_kind,\n     NEW.submitted_at))", func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='e7d8bc44b9645670178c1ac43f58722c2cc6306c', operation='UPDATE', pgid='pgtrigger_what_is_asked_stays_ebe66', table='approvals_request', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='round',
            trigger=pgtrigger.compiler.Trigger(name='content_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."request_id" IS DISTINCT FROM (NEW."request_id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."digest" IS DISTINCT FROM (NEW."digest") OR OLD."content" IS DISTINCT FROM (NEW."content") OR OLD."policy_version_id" IS DISTINCT FROM (NEW."policy_version_id") OR OLD."rule_position" IS DISTINCT FROM (NEW."rule_position") OR OLD."trace" IS DISTINCT FROM (NEW."trace") OR OLD."risk_score" IS DISTINCT FROM (NEW."risk_score") OR OLD."risk_reasons" IS DISTINCT FROM (NEW."risk_reasons") OR OLD."above_role" IS DISTINCT FROM (NEW."above_role") OR OLD."beyond_contract_role" IS DISTINCT FROM (NEW."beyond_contract_role") OR OLD."submitted_at" IS DISTINCT FROM (NEW."submitted_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='2075397aaa24516fd85b7d22f77fbe8edc578382', operation='UPDATE', pgid='pgtrigger_content_stays_df150', table='approvals_round', when='BEFORE')),
        ),
        migrations.RunSQL(SQL),
    ]
