import core.clock
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('budgets', '0007_expectation'),
        ('core', '0002_audit_is_append_only'),
        ('core', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='RequestCounter',
            fields=[
                ('year', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('last', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Policy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=60)),
                ('name', models.CharField(max_length=200)),
                ('cost_centre', models.ForeignKey(blank=True, help_text='Blank: the whole entity.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='budgets.costcentre')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='policies', to='core.entity')),
            ],
            options={
                'verbose_name_plural': 'policies',
                'ordering': ['entity', 'code'],
                'constraints': [models.UniqueConstraint(fields=('entity', 'code'), name='policy_code_once'), models.UniqueConstraint(fields=('entity', 'cost_centre'), name='policy_one_per_scope', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('draft', 'draft'), ('published', 'published'), ('retired', 'retired')], default='draft', max_length=20)),
                ('currency', models.CharField(help_text='The currency of every bound in the document.', max_length=3)),
                ('contact_role_code', models.CharField(help_text='Whom to ask where no rule applies or nobody can decide.', max_length=60)),
                ('document', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('published_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='approvals.policy')),
            ],
            options={
                'ordering': ['policy', 'number'],
                'constraints': [models.UniqueConstraint(fields=('policy', 'number'), name='policy_version_number_once'), models.UniqueConstraint(condition=models.Q(('state', 'published')), fields=('policy',), name='policy_version_one_published'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'published', 'retired'])), name='policy_version_state_is_known')],
            },
        ),
        migrations.CreateModel(
            name='PolicyRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=200)),
                ('kind', models.CharField(max_length=60)),
                ('measure', models.CharField(choices=[('amount', 'amount'), ('monthly_increase', 'monthly increase')], default='amount', max_length=20)),
                ('lower', models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True)),
                ('lower_included', models.BooleanField(default=False)),
                ('upper', models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True)),
                ('upper_included', models.BooleanField(default=False)),
                ('cost_centre_code', models.CharField(blank=True, help_text='Matches lines at it or below it.', max_length=40)),
                ('category_code', models.CharField(blank=True, help_text='Matches lines in it or below it.', max_length=60)),
                ('vendor_code', models.CharField(blank=True, max_length=60)),
                ('follow_up', models.CharField(blank=True, help_text='What happens after the decision, such as a board review.', max_length=200)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rules', to='approvals.policyversion')),
            ],
            options={
                'ordering': ['version', 'position'],
                'constraints': [models.UniqueConstraint(fields=('version', 'position'), name='policy_rule_position_once'), models.CheckConstraint(condition=models.Q(('lower__isnull', True), ('upper__isnull', True), ('upper__gte', models.F('lower')), _connector='OR'), name='policy_rule_bounds_are_in_order'), models.CheckConstraint(condition=models.Q(('measure__in', ['amount', 'monthly_increase'])), name='policy_rule_measure_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Request',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True)),
                ('kind', models.CharField(help_text='A kind that the policy names.', max_length=60)),
                ('subject_kind', models.CharField(default='spend', help_text='What approving it does.', max_length=40)),
                ('title', models.CharField(max_length=200)),
                ('reason', models.TextField(blank=True)),
                ('currency', models.CharField(max_length=3)),
                ('amount', models.DecimalField(decimal_places=2, default=Decimal('0'), help_text='What its lines take from the budget.', max_digits=18)),
                ('monthly_increase', models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True)),
                ('needed_by', models.DateField(blank=True, null=True)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('submitted', 'waiting for a decision'), ('approved', 'approved'), ('rejected', 'rejected'), ('returned', 'sent back'), ('withdrawn', 'withdrawn')], default='draft', max_length=20)),
                ('round', models.PositiveIntegerField(default=0, help_text='How often it was submitted.')),
                ('digest', models.CharField(blank=True, help_text='Of what is decided on, as submitted last.', max_length=64)),
                ('trace', models.JSONField(default=list, encoder=django.core.serializers.json.DjangoJSONEncoder, help_text='Why each rule did or did not match.')),
                ('follow_up', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('updated_at', models.DateTimeField(default=core.clock.now)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('copied_from', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='approvals.request')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='core.entity')),
                ('policy_version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='approvals.policyversion')),
                ('requester', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requests', to=settings.AUTH_USER_MODEL)),
                ('vendor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='budgets.vendor')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['requester', '-id'], name='requests_of_person'), models.Index(fields=['entity', 'state', '-id'], name='requests_by_state'), models.Index(condition=models.Q(('vendor__isnull', False)), fields=['vendor', '-id'], name='requests_of_vendor')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'submitted', 'approved', 'rejected', 'returned', 'withdrawn'])), name='request_state_is_known'), models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='request_currency_is_iso'), models.CheckConstraint(condition=models.Q(('state', 'draft'), ('amount__gt', 0), ('round', 0), _connector='OR'), name='request_amount_is_positive'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'withdrawn']), models.Q(('policy_version__isnull', False), ('round__gt', 0), ('submitted_at__isnull', False)), _connector='OR'), name='request_submitted_has_its_route'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'rejected']), _negated=True), ('decided_at__isnull', False), _connector='OR'), name='request_decided_has_its_moment')],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('size', models.PositiveBigIntegerField(help_text='Bytes.')),
                ('sha256', models.CharField(max_length=64)),
                ('content_type', models.CharField(max_length=120)),
                ('file', models.FileField(max_length=300, upload_to='attachments/%Y/%m')),
                ('uploaded_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='approvals.request')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('request', 'sha256'), name='attachment_once_per_request')],
            },
        ),
        migrations.CreateModel(
            name='RequestLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('description', models.CharField(max_length=300)),
                ('month', models.DateField(help_text='The first day of the posting month.')),
                ('net', models.DecimalField(decimal_places=2, max_digits=18)),
                ('vat', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=18)),
                ('recoverable', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=18, verbose_name='recoverable VAT')),
                ('funds', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('net'), '+', models.F('vat')), '-', models.F('recoverable')), help_text='What the line takes from the budget.', output_field=models.DecimalField(decimal_places=2, max_digits=18))),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='request_lines', to='budgets.fundsaccount')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='approvals.request')),
            ],
            options={
                'ordering': ['request', 'number'],
                'constraints': [models.UniqueConstraint(fields=('request', 'number'), name='request_line_number_once'), models.CheckConstraint(condition=models.Q(('net__gt', 0)), name='request_line_amount_is_positive'), models.CheckConstraint(condition=models.Q(('recoverable__gte', 0), ('recoverable__lte', models.F('vat')), ('vat__gte', 0)), name='request_line_vat_is_in_order'), models.CheckConstraint(condition=models.Q(('month__day', 1)), name='request_line_month_begins_on_the_first')],
            },
        ),
        migrations.CreateModel(
            name='Round',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('content', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, help_text='What was asked, as it stood.')),
                ('trace', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('outcome', models.CharField(choices=[('open', 'open'), ('approved', 'approved'), ('rejected', 'rejected'), ('returned', 'sent back'), ('withdrawn', 'withdrawn')], default='open', max_length=20)),
                ('submitted_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('policy_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='approvals.policyversion')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='approvals.request')),
            ],
            options={
                'ordering': ['request', 'number'],
                'constraints': [models.UniqueConstraint(fields=('request', 'number'), name='round_number_once'), models.UniqueConstraint(condition=models.Q(('outcome', 'open')), fields=('request',), name='round_one_open_per_request'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('outcome', 'open')), models.Q(('ended_at__isnull', False), ('outcome__in', ['approved', 'rejected', 'returned', 'withdrawn'])), _connector='OR'), name='round_ended_has_its_moment')],
            },
        ),
        migrations.CreateModel(
            name='Stage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveIntegerField()),
                ('number', models.PositiveSmallIntegerField()),
                ('group', models.PositiveSmallIntegerField(help_text='Stages of one group run side by side.')),
                ('name', models.CharField(max_length=200)),
                ('role_code', models.CharField(max_length=60)),
                ('backup_role_code', models.CharField(blank=True, max_length=60)),
                ('state', models.CharField(choices=[('waiting', 'not yet its turn'), ('assigned', 'waiting for a decision'), ('approved', 'approved'), ('rejected', 'rejected'), ('returned', 'sent back'), ('skipped', 'no longer needed')], default='waiting', max_length=20)),
                ('quorum', models.CharField(default='owner', max_length=10)),
                ('needed', models.PositiveSmallIntegerField(default=1, help_text='How many must approve.')),
                ('sla', models.CharField(max_length=40)),
                ('escalate_after', models.CharField(max_length=40)),
                ('warn_after', models.CharField(max_length=60)),
                ('assigned_at', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField(null=True)),
                ('escalated_at', models.DateTimeField(help_text='The deadline at which the backup was added.', null=True)),
                ('breached_at', models.DateTimeField(help_text='The deadline that passed without a decision.', null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('backup', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='backed_stages', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='owned_stages', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stages', to='approvals.request')),
            ],
            options={
                'ordering': ['request', 'round', 'number'],
                'indexes': [models.Index(condition=models.Q(('state', 'assigned')), fields=['due_at', 'id'], name='stages_waiting'), models.Index(fields=['owner', 'state'], name='stages_of_owner')],
                'constraints': [models.UniqueConstraint(fields=('request', 'round', 'number'), name='stage_number_once'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'assigned', 'approved', 'rejected', 'returned', 'skipped'])), name='stage_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'assigned'), _negated=True), models.Q(('assigned_at__isnull', False), ('due_at__isnull', False)), _connector='OR'), name='stage_assigned_has_a_clock'), models.CheckConstraint(condition=models.Q(('needed__gte', 1)), name='stage_needs_somebody')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveIntegerField()),
                ('slot', models.PositiveSmallIntegerField(help_text="Which of the stage's needed decisions it is.")),
                ('verdict', models.CharField(choices=[('approve', 'approved'), ('reject', 'rejected'), ('send_back', 'sent back')], max_length=20)),
                ('comment', models.TextField(blank=True)),
                ('digest', models.CharField(max_length=64)),
                ('decided_at', models.DateTimeField()),
                ('voided_at', models.DateTimeField(null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to=settings.AUTH_USER_MODEL)),
                ('voided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='approvals.request')),
                ('stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='approvals.stage')),
            ],
            options={
                'ordering': ['request', 'round', 'decided_at', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('voided_at__isnull', True)), fields=('request', 'round', 'stage', 'slot'), name='decision_once_per_slot'), models.UniqueConstraint(condition=models.Q(('voided_at__isnull', True)), fields=('request', 'round', 'person'), name='decision_once_per_person_and_round'), models.CheckConstraint(condition=models.Q(('verdict__in', ['approve', 'reject', 'send_back'])), name='decision_verdict_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('voided_at__isnull', True), ('voided_by__isnull', True)), models.Q(('voided_at__isnull', False), ('voided_by__isnull', False)), _connector='OR'), name='decision_voided_by_somebody')],
            },
        ),
        migrations.CreateModel(
            name='StageMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('capacity', models.CharField(choices=[('owner', 'owner'), ('member', 'holds the role'), ('backup', 'backup')], max_length=10)),
                ('added_at', models.DateTimeField(default=core.clock.now)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stage_memberships', to=settings.AUTH_USER_MODEL)),
                ('stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='approvals.stage')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['person', 'stage'], name='stages_of_member')],
                'constraints': [models.UniqueConstraint(fields=('stage', 'person'), name='stage_member_once'), models.CheckConstraint(condition=models.Q(('capacity__in', ['owner', 'member', 'backup'])), name='stage_member_capacity_is_known')],
            },
        ),
        migrations.CreateModel(
            name='StageTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('group', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=200)),
                ('role_code', models.CharField(max_length=60)),
                ('backup_role_code', models.CharField(blank=True, max_length=60)),
                ('quorum', models.CharField(default='owner', help_text="owner, any, all, or how many of the role's holders.", max_length=10)),
                ('sla', models.CharField(help_text='Business time, such as `same day` or `2 business days`.', max_length=40)),
                ('escalate_after', models.CharField(max_length=40)),
                ('warn_after', models.CharField(max_length=60)),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stages', to='approvals.policyrule')),
            ],
            options={
                'ordering': ['rule', 'number'],
                'constraints': [models.UniqueConstraint(fields=('rule', 'number'), name='stage_template_number_once'), models.CheckConstraint(condition=models.Q(('quorum__regex', '^(owner|any|all|[1-9][0-9]?)$')), name='stage_template_quorum_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Timer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('warn', 'reminder'), ('escalate', 'escalation to the backup'), ('breach', 'deadline')], max_length=10)),
                ('state', models.CharField(choices=[('pending', 'running'), ('fired', 'fired'), ('cancelled', 'no longer needed')], default='pending', max_length=10)),
                ('starts_at', models.DateTimeField()),
                ('budget', models.CharField(help_text='Business time from start to due, such as `3 business days`.', max_length=60)),
                ('due_at', models.DateTimeField()),
                ('calendar_version', models.PositiveIntegerField()),
                ('explanation', models.TextField(help_text='How the due time was reckoned, and each time it moved.')),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('not_before', models.DateTimeField(help_text='After a failure: when to try again.', null=True)),
                ('fired_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.workcalendar')),
                ('stage', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='timers', to='approvals.stage')),
            ],
            options={
                'ordering': ['stage', 'due_at'],
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['due_at', 'id'], name='timers_running')],
                'constraints': [models.UniqueConstraint(fields=('stage', 'kind'), name='timer_kind_once_per_stage'), models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'fired', 'cancelled'])), name='timer_state_is_known'), models.CheckConstraint(condition=models.Q(('kind__in', ['warn', 'escalate', 'breach'])), name='timer_kind_is_known'), models.CheckConstraint(condition=models.Q(('fired_at__isnull', False), models.Q(('state', 'fired'), _negated=True), _connector='OR'), name='timer_fired_has_its_moment')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policyversion',
            trigger=pgtrigger.compiler.Trigger(name='document_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."policy_id" IS DISTINCT FROM (NEW."policy_id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."document" IS DISTINCT FROM (NEW."document") OR OLD."digest" IS DISTINCT FROM (NEW."digest") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."contact_role_code" IS DISTINCT FROM (NEW."contact_role_code"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='44c2a7a9e4c529c38713fc8fa8ca0729b0bb34b1', operation='UPDATE', pgid='pgtrigger_document_stays_880a3', table='approvals_policyversion', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policyversion',
            trigger=pgtrigger.compiler.Trigger(name='known_steps', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{draft:published,published:retired}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='6bfdd13e730e169173f9b36e7f2bd9af69e38c79', operation='UPDATE', pgid='pgtrigger_known_steps_7dc0a', table='approvals_policyversion', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policyversion',
            trigger=pgtrigger.compiler.Trigger(name='born_rightly', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state <> 'draft')", func="RAISE EXCEPTION 'pgtrigger: Cannot insert rows from % table', TG_TABLE_NAME;", hash='ed65a50f8a7bced992afd317b6fa8ca877ba3807', operation='INSERT', pgid='pgtrigger_born_rightly_5bc00', table='approvals_policyversion', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policyrule',
            trigger=pgtrigger.compiler.Trigger(name='only_in_drafts', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE part RECORD; standing TEXT;', func="\n            IF TG_OP = 'DELETE' THEN part := OLD; ELSE part := NEW; END IF;\n            SELECT v.state INTO standing FROM approvals_policyversion v WHERE v.id = part.version_id;\n            IF standing <> 'draft' THEN\n                RAISE EXCEPTION 'A policy version that is % does not change.', standing USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN part;\n        ", hash='48ea6b3e9c71de21df5abb26035a507163edb8d1', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_only_in_drafts_35994', table='approvals_policyrule', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='request',
            trigger=pgtrigger.compiler.Trigger(name='known_steps', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{draft:submitted,draft:withdrawn,returned:submitted,returned:withdrawn,submitted:approved,submitted:rejected,submitted:returned,submitted:withdrawn}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='015bceab7213881a7f0f9bfc83653a254c879181', operation='UPDATE', pgid='pgtrigger_known_steps_a332d', table='approvals_request', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='request',
            trigger=pgtrigger.compiler.Trigger(name='born_rightly', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state <> 'draft')", func="RAISE EXCEPTION 'pgtrigger: Cannot insert rows from % table', TG_TABLE_NAME;", hash='77b10f3327245b6aea619d982c017fcbdb177921', operation='INSERT', pgid='pgtrigger_born_rightly_200de', table='approvals_request', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='requestline',
            trigger=pgtrigger.compiler.Trigger(name='lines_stay', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE holder BIGINT; standing TEXT;', func="\n                    IF TG_OP = 'DELETE' THEN holder := OLD.request_id; ELSE holder := NEW.request_id; END IF;\n                    SELECT state INTO standing FROM approvals_request WHERE id = holder;\n                    IF standing NOT IN ('draft', 'returned') THEN\n                        RAISE EXCEPTION 'The lines of a request that is % do not change.', standing\n                            USING ERRCODE = 'check_violation';\n                    END IF;\n                    IF TG_OP = 'UPDATE' AND NEW.request_id <> OLD.request_id THEN\n                        RAISE EXCEPTION 'A line stays with its request.' USING ERRCODE = 'check_violation';\n                    END IF;\n                    IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;\n                ", hash='2ca366c32f478a98d5849dd6fcce0b92a60a0984', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_lines_stay_30ded', table='approvals_requestline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='round',
            trigger=pgtrigger.compiler.Trigger(name='content_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."request_id" IS DISTINCT FROM (NEW."request_id") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."digest" IS DISTINCT FROM (NEW."digest") OR OLD."content" IS DISTINCT FROM (NEW."content") OR OLD."policy_version_id" IS DISTINCT FROM (NEW."policy_version_id") OR OLD."trace" IS DISTINCT FROM (NEW."trace") OR OLD."submitted_at" IS DISTINCT FROM (NEW."submitted_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='9a147520f3d49d63038a0464695b523b47b99a6d', operation='UPDATE', pgid='pgtrigger_content_stays_df150', table='approvals_round', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='round',
            trigger=pgtrigger.compiler.Trigger(name='rounds_stay', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='72b516d1633456e0316fb2f3b7cbfdb616f8ad57', operation='DELETE', pgid='pgtrigger_rounds_stay_79d39', table='approvals_round', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stage',
            trigger=pgtrigger.compiler.Trigger(name='known_steps', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{assigned:approved,assigned:rejected,assigned:returned,assigned:skipped,waiting:assigned,waiting:skipped}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='11b549844f6e3d7cae145f8b0f47d9ec33d2db0a', operation='UPDATE', pgid='pgtrigger_known_steps_fd43f', table='approvals_stage', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stage',
            trigger=pgtrigger.compiler.Trigger(name='born_rightly', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state <> 'waiting')", func="RAISE EXCEPTION 'pgtrigger: Cannot insert rows from % table', TG_TABLE_NAME;", hash='fc9fbdfcd9e2fb0c290aaf0d421599314a80a766', operation='INSERT', pgid='pgtrigger_born_rightly_ae8cc', table='approvals_stage', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='decision',
            trigger=pgtrigger.compiler.Trigger(name='decisions_are_written_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."request_id" IS DISTINCT FROM (NEW."request_id") OR OLD."round" IS DISTINCT FROM (NEW."round") OR OLD."stage_id" IS DISTINCT FROM (NEW."stage_id") OR OLD."slot" IS DISTINCT FROM (NEW."slot") OR OLD."person_id" IS DISTINCT FROM (NEW."person_id") OR OLD."verdict" IS DISTINCT FROM (NEW."verdict") OR OLD."comment" IS DISTINCT FROM (NEW."comment") OR OLD."digest" IS DISTINCT FROM (NEW."digest") OR OLD."decided_at" IS DISTINCT FROM (NEW."decided_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='5a027b20fabd8fe704abb25041dc536c519c6811', operation='UPDATE', pgid='pgtrigger_decisions_are_written_once_fe318', table='approvals_decision', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='decision',
            trigger=pgtrigger.compiler.Trigger(name='voiding_is_final', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.voided_at IS NOT NULL)', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='1ea92710b09fd26035edab4278b86d87eff701c6', operation='UPDATE', pgid='pgtrigger_voiding_is_final_ff780', table='approvals_decision', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='decision',
            trigger=pgtrigger.compiler.Trigger(name='decisions_stay', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='90ba7f247603c6be5c414b74683fba1e2bc3a3fb', operation='DELETE', pgid='pgtrigger_decisions_stay_101aa', table='approvals_decision', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='stagetemplate',
            trigger=pgtrigger.compiler.Trigger(name='only_in_drafts', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE part RECORD; standing TEXT;', func="\n            IF TG_OP = 'DELETE' THEN part := OLD; ELSE part := NEW; END IF;\n            SELECT v.state INTO standing FROM approvals_policyversion v WHERE v.id = (SELECT r.version_id FROM approvals_policyrule r WHERE r.id = part.rule_id);\n            IF standing <> 'draft' THEN\n                RAISE EXCEPTION 'A policy version that is % does not change.', standing USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN part;\n        ", hash='b5f6de94a3d6a3260c71e855e8be65fb48bdf646', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_only_in_drafts_cdc1d', table='approvals_stagetemplate', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='timer',
            trigger=pgtrigger.compiler.Trigger(name='known_steps', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{pending:cancelled,pending:fired}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='713ed703533e26045005b0e1767343d74680ad38', operation='UPDATE', pgid='pgtrigger_known_steps_6c645', table='approvals_timer', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='timer',
            trigger=pgtrigger.compiler.Trigger(name='born_rightly', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state <> 'pending')", func="RAISE EXCEPTION 'pgtrigger: Cannot insert rows from % table', TG_TABLE_NAME;", hash='2fc482bcf83e9fc41420457255b2420a84fdefea', operation='INSERT', pgid='pgtrigger_born_rightly_6511d', table='approvals_timer', when='BEFORE')),
        ),
    ]
