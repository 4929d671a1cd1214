import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0009_calls_of_the_api'),
    ]

    operations = [
        migrations.AddField(
            model_name='roleassignment',
            name='limit',
            field=models.DecimalField(blank=True, decimal_places=2, help_text="The most it decides on or commits at once, in the entity's currency. Blank: no limit.", max_digits=18, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='roleassignment',
            trigger=pgtrigger.compiler.Trigger(name='last_administrator_stays', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF OLD.scope = 'entity'\n                       AND EXISTS (SELECT FROM core_role r WHERE r.id = OLD.role_id AND r.kind = 'administrator')\n                       AND NOT EXISTS (\n                           SELECT FROM core_roleassignment a\n                           JOIN core_role r ON r.id = a.role_id JOIN core_user u ON u.id = a.user_id\n                           WHERE a.entity_id = OLD.entity_id AND a.scope = 'entity' AND r.kind = 'administrator' AND u.is_active\n                             AND a.user_id <> OLD.user_id)\n                    THEN\n                        RAISE EXCEPTION 'The last administrator of an entity stays.' USING ERRCODE = 'check_violation';\n                    END IF;\n                    RETURN OLD;\n                ", hash='bcbb580fa745965a33174bcce125d3b24fd02acb', operation='DELETE', pgid='pgtrigger_last_administrator_stays_a4ad5', table='core_roleassignment', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='roleassignment',
            constraint=models.CheckConstraint(condition=models.Q(('limit__isnull', True), ('limit__gt', 0), _connector='OR'), name='assignment_limit_is_positive'),
        ),
    ]
