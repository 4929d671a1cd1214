"""Imports, their rows and their sources, as far as a person may see them. The guarded doors to them."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Min, QuerySet, Sum

from budgets.models import BudgetVersion, Category, CostCentre, FundsAccount
from core.errors import NotFound
from core.models import Entity, User
from core.rules.rights import Right
from reconciliation.models import ImportFile, Invoice, RawRow, Source, Statement
from reconciliation.selectors.reading import entities_for


@dataclass(frozen=True, slots=True)
class Group:
    """Rows in quarantine for one reason; `row_id` is the first of them, by which the group is worked."""

    row_id: int
    code: str
    reason: str
    remedy: str
    rows: int
    amount: Decimal


def visible_imports(user: User, *rights: Right) -> QuerySet[ImportFile]:
    """Return the imports of the entities whose reconciliation the person may read, the newest first."""
    return ImportFile.objects.filter(source__entity__in=entities_for(user, *rights)).select_related(
        "source__entity", "uploaded_by", "job"
    )


def access_import_by_id(user: User, import_id: int, *rights: Right) -> ImportFile:
    """Return an import that the person may see, or in whose entity they have one of `rights`. Raises NotFound."""
    found = visible_imports(user, *rights).filter(pk=import_id).first()
    if found is None:
        raise NotFound("There is no such import, or none that you may see.", remedy="Go back to the list of imports.")
    return found


def access_row_by_id(user: User, row_id: int, *rights: Right) -> RawRow:
    """Return a row of an import that the person may see. Raises NotFound."""
    rows = RawRow.objects.select_related(
        "import_file__source__entity", "account", "fixed_by", "duplicate_of__import_file", "replaces"
    )
    found = rows.filter(pk=row_id, import_file__source__entity__in=entities_for(user, *rights)).first()
    if found is None:
        raise NotFound("There is no such row, or none that you may see.", remedy="Go back to the list of imports.")
    return found


def sources_for(user: User) -> QuerySet[Source]:
    """Return the sources from which the person may import."""
    return Source.objects.filter(entity__in=entities_for(user, Right.RECONCILE), is_active=True).select_related(
        "entity", "keeper"
    )


def access_source_by_id(user: User, source_id: int) -> Source:
    """Return a source from which the person may import. Raises NotFound."""
    found = sources_for(user).filter(pk=source_id).first()
    if found is None:
        raise NotFound("There is no such source, or none that you import from.", remedy="Start from the list of sources.")
    return found


def access_source_to_expect(user: User, source_id: int) -> Source:
    """Return a source, in use or not, of an organization whose books the person keeps as a whole. Raises NotFound."""
    rows = Source.objects.filter(entity__in=entities_for(user, Right.RECONCILE)).select_related("entity", "keeper")
    found = rows.filter(pk=source_id).first()
    if found is None:
        raise NotFound("There is no such source, or none of whose books you keep.", remedy="Start from the unified report.")
    return found


def keepers_of(entity: Entity) -> QuerySet[User]:
    """Return who may be named as whom to ask: the active people who hold a role in the organization."""
    return User.objects.filter(is_active=True, assignments__entity=entity).distinct().order_by("name")


def groups_of(import_file: ImportFile) -> list[Group]:
    """Return what waits in quarantine by reason, the largest group first."""
    waiting = import_file.raw_rows.filter(status=RawRow.Status.QUARANTINED).values("reason_code", "reason", "remedy")
    counted = waiting.annotate(first=Min("pk"), rows=Count("pk"), whole=Sum("amount")).order_by("-rows", "first")
    return [
        Group(each["first"], each["reason_code"], each["reason"], each["remedy"], each["rows"], each["whole"] or Decimal("0.00"))
        for each in counted
    ]


def rows_alike(row: RawRow) -> int:
    """Return how many rows of the file are in quarantine for the same reason as this one, itself included."""
    alike = RawRow.objects.filter(
        import_file_id=row.import_file_id, status=row.status, reason_code=row.reason_code, reason=row.reason
    )
    return alike.count()


def categories_of(entity: Entity) -> QuerySet[Category]:
    """Return the categories that a row may be mapped to."""
    return Category.objects.filter(entity=entity, is_active=True).order_by("path")


def cost_centres_of(entity: Entity) -> QuerySet[CostCentre]:
    """Return the cost centres that a row may belong to."""
    return CostCentre.objects.filter(entity=entity, is_active=True).order_by("path")


def accounts_of(entity: Entity, currency: str) -> QuerySet[FundsAccount]:
    """Return the accounts of budgets in force that a row in this currency may be posted to."""
    in_force = BudgetVersion.objects.filter(state=BudgetVersion.State.IN_FORCE, budget__entity=entity).values("budget_id")
    accounts = FundsAccount.objects.filter(budget_id__in=in_force, currency=currency)
    return accounts.select_related("budget", "cost_centre", "category").order_by(
        "budget__code", "cost_centre__path", "category__path"
    )


def invoice_of_row(row: RawRow) -> Invoice | None:
    """Return the invoice that a row became or confirmed, or None."""
    if row.produced_type != "invoice" or row.produced_id is None:
        return None
    return Invoice.objects.filter(pk=row.produced_id).first()


def statements_of(import_file: ImportFile) -> QuerySet[Statement]:
    """Return the statements that a bank's file brought, in their order."""
    return Statement.objects.filter(import_file=import_file).select_related("bank_account").order_by("pk")
