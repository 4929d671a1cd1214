"""The only place of this room that locks. The ledger's own locks are taken inside its functions."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection
from django.db.models import Q

from budgets.models import (
    Attribute,
    Budget,
    BudgetTemplate,
    BudgetVersion,
    Category,
    ChargebackDispute,
    ChargebackRun,
    ChargebackStatement,
    CostCentre,
    Period,
)
from core.errors import NotFound
from core.models import Entity


def lock_structure() -> None:
    """Keep every posting out until the transaction ends: for changes to controls, the tree, or the state of a month."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT budgets_lock_structure()")


def keep_structure() -> None:
    """Keep changes of the structure, and moves of holds, out until the transaction ends; other postings go on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(budgets_structure_key())")


# Keys are locked by two numbers, which PostgreSQL keeps apart from locks by one: no key meets the structure's lock.
KEYS = 8103


def lock_key(key: str) -> None:
    """Let whoever does something under the same key wait until the transaction ends. Taken first, before anything is read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [KEYS, key])


def lock_budget(budget_id: int) -> Budget:
    """Return the budget, locked."""
    return Budget.objects.select_for_update(of=("self",), no_key=True).select_related("entity", "cost_centre").get(pk=budget_id)


def lock_attribute(attribute_id: int) -> Attribute:
    """Return the attribute, locked: no value of it is written meanwhile."""
    rows = Attribute.objects.select_for_update(of=("self",), no_key=True).select_related("entity")
    return rows.get(pk=attribute_id)


def lock_template(template_id: int) -> BudgetTemplate:
    """Lock one template."""
    return BudgetTemplate.objects.select_for_update(of=("self",), no_key=True).select_related("entity").get(pk=template_id)


def lock_version(version_id: int) -> BudgetVersion:
    """Return the version, locked together with its budget. Raises NotFound."""
    found = BudgetVersion.objects.filter(pk=version_id).values_list("budget_id", flat=True).first()
    if found is None:
        raise NotFound("There is no such version of a budget.", remedy="Choose one from the budget's page.")
    lock_budget(found)
    return BudgetVersion.objects.select_for_update(of=("self",), no_key=True).select_related("budget__entity").get(pk=version_id)


def lock_period(entity: Entity, month: date) -> Period:
    """Return the entity's month, locked. Raises NotFound."""
    period = Period.objects.select_for_update(no_key=True).filter(entity=entity, month=month).first()
    if period is None:
        raise NotFound(f"{month:%B %Y} was never opened.", remedy="Open it first.")
    return period


def lock_cost_centre(cost_centre_id: int) -> CostCentre:
    """Return the cost centre, locked."""
    return CostCentre.objects.select_for_update(of=("self",)).select_related("entity").get(pk=cost_centre_id)


def lock_category(category_id: int) -> Category:
    """Return the category, locked."""
    return Category.objects.select_for_update(of=("self",), no_key=True).select_related("entity").get(pk=category_id)


def lock_chargeback(run_id: int) -> ChargebackRun:
    """Return a month's chargeback, locked; its row is the lock of its statements and disputes too. Raises NotFound."""
    rows = ChargebackRun.objects.select_for_update(of=("self",), no_key=True).select_related("entity__calendar", "rules")
    run = rows.filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such chargeback.", remedy="Choose one from the list of chargebacks.")
    return run


def lock_month_of_chargebacks(entity_id: int, month: date) -> None:
    """Let one person at a time draw up, post or undo an organization's month. Taken before any of its chargebacks."""
    lock_key(f"chargeback:{entity_id}:{month}")


def lock_chargeback_month(run_id: int) -> ChargebackRun:
    """Lock the month of a chargeback, then return the chargeback, locked. Raises NotFound."""
    found = ChargebackRun.objects.filter(pk=run_id).values_list("entity_id", "month").first()
    if found is not None:
        lock_month_of_chargebacks(*found)
    return lock_chargeback(run_id)


def lock_statement(statement_id: int) -> ChargebackStatement:
    """Lock the chargeback of a statement, and return the statement as it stands under that lock. Raises NotFound."""
    run_id = ChargebackStatement.objects.filter(pk=statement_id).values_list("run_id", flat=True).first()
    if run_id is None:
        raise NotFound("There is no such statement.", remedy="Start from the list of statements.")
    run = lock_chargeback(run_id)
    rows = ChargebackStatement.objects.select_for_update(of=("self",), no_key=True).select_related("receiver", "manager")
    statement = rows.get(pk=statement_id)
    statement.run = run
    return statement


def lock_chargeback_dispute(dispute_id: int) -> ChargebackDispute:
    """Lock the statement of a dispute, and return the dispute as it stands under that lock. Raises NotFound."""
    statement_id = ChargebackDispute.objects.filter(pk=dispute_id).values_list("statement_id", flat=True).first()
    if statement_id is None:
        raise NotFound("There is no such dispute.", remedy="Start from the chargeback.")
    statement = lock_statement(statement_id)
    dispute = ChargebackDispute.objects.select_related("owner", "raised_by").get(pk=dispute_id)
    dispute.statement = statement
    return dispute


def claim_statements_to_remind_of(*, now: datetime, limit: int) -> Sequence[ChargebackStatement]:
    """Lock statements that wait for an answer for long, past those that somebody else holds."""
    waiting = ChargebackStatement.objects.filter(
        state="sent", run__state="review", reminded_at__isnull=True, remind_at__lte=now
    ).order_by("remind_at", "id")
    return list(waiting.select_for_update(skip_locked=True, no_key=True, of=("self",))[:limit])


def claim_disputes_to_watch(*, now: datetime, limit: int) -> Sequence[ChargebackDispute]:
    """Lock open disputes whose reminder or deadline has come, past those that somebody else holds."""
    open_ones = ChargebackDispute.objects.filter(resolved_at__isnull=True, statement__run__state="review")
    due = open_ones.filter(
        Q(reminded_at__isnull=True, remind_at__lte=now) | Q(escalated_at__isnull=True, due_at__lte=now)
    ).order_by("due_at", "id")
    return list(due.select_for_update(skip_locked=True, no_key=True, of=("self",))[:limit])
