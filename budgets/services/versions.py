"""Putting a version of a budget in force: its accounts, its controls, and the differences of its allotments as a journal."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from budgets.locks import lock_structure, lock_version
from budgets.models import Budget, BudgetVersion, Category, CostCentre, Entry, FundsAccount, Journal
from budgets.rules.allotments import Allotment, Frame, PlannedEnvelope, PlannedLine, allot
from budgets.selectors.books import in_books
from budgets.selectors.sign_offs import is_signed
from budgets.services.accounts import ensure_account, name_account
from budgets.services.controls import set_controls
from budgets.services.ledger import PostedJournal, Posting, post
from core import clock
from core.access import hold_to_limit
from core.errors import Stale, WrongState
from core.models import User
from core.rules.rights import Right
from core.services import audit

SOURCE = "budget_version"
ZERO = Decimal(0)
Amounts = dict[tuple[int, date], Decimal]


@transaction.atomic
def put_in_force(
    *,
    version_id: int,
    actor: User | None,
    control_nodes: Iterable[CostCentre] = (),
    force: bool = False,
    base_id: int | None = None,
    rebaseline: bool = False,
    is_approved: bool = False,
    is_trial: bool = False,
) -> BudgetVersion:
    """Put a draft, or what waits for its day, in force: the old version is until this moment. Its allotments are posted as
    differences to the old ones.

    A lowered allotment is refused below what is held, unless it is forced. The first version is the baseline that variance is
    held against; `rebaseline` makes this one the next. A version that holds from a month on changes nothing before. `base_id` is
    the version that the draft was made from, 0 for none: of two drafts from the same one the second is stale. Raises Stale,
    NoFunds, ClosedPeriod, WrongState, NotFound, and NotAllowed (above_limit) where the budget grows by more than the person may
    commit, unless others approved it (`is_approved`). One that is to be signed is refused before it is (`unsigned`), but for a
    trial that is undone: the database holds to that when the transaction ends.
    """
    lock_structure()
    version = lock_version(version_id)
    if version.state not in (BudgetVersion.State.DRAFT, BudgetVersion.State.SCHEDULED):
        raise WrongState(f"{version} is {version.get_state_display()}.", remedy="Put a draft in force.")
    before = BudgetVersion.objects.filter(budget=version.budget, state=BudgetVersion.State.IN_FORCE).first()
    refuse_unless_based_on(before, base_id)
    if not is_trial and not is_signed(version):
        raise WrongState(
            f"{version} is to be signed by the budget's owner and by finance first.",
            remedy="Sign it on its page.",
            code="unsigned",
        )
    if not is_approved:
        hold_version_to_limit(before, version, actor)
    _supersede(before, version, rebaseline=rebaseline)
    wanted = _accounts_and_amounts(version)
    set_controls(budget=version.budget, categories=_categories(version), cost_centres=control_nodes)
    after = {"state": version.state, "total": str(version.total), "forced": force, "baseline": version.is_baseline}
    earlier = {"version": before.number} if before else None
    audit.record(
        actor=actor, verb="budget_version.in_force", subject=version, entity=version.budget.entity, before=earlier, after=after
    )
    _post_differences(version, wanted, actor=actor, first=before is None, force=force)
    return version


def refuse_unless_based_on(in_force: BudgetVersion | None, base_id: int | None) -> None:
    """Raise Stale where another version came in force since the one that was seen. The caller holds the budget's lock."""
    if base_id is not None and base_id != (in_force.pk if in_force else 0):
        raise Stale(
            "The budget got another version after you looked.",
            remedy="Choose the file again and look at the difference.",
            details={"in_force": in_force.number if in_force else None},
        )


def hold_version_to_limit(before: BudgetVersion | None, version: BudgetVersion, actor: User | None) -> None:
    """Raise NotAllowed (above_limit) where the budget grows by more than the person may commit."""
    budget = version.budget
    more = max(version.total - (before.total if before else ZERO), ZERO)
    amount = in_books(more, budget.currency, budget.entity, on=clock.now().date())
    what = f"{more:,.2f} {budget.currency} {'more' if before else 'for a new budget'}"
    hold_to_limit(actor, Right.BUDGET, entity=budget.entity, path=budget.cost_centre.path, amount=amount, what=what)


def _supersede(before: BudgetVersion | None, version: BudgetVersion, *, rebaseline: bool) -> None:
    if before is not None:
        before.state = BudgetVersion.State.SUPERSEDED
        before.save(update_fields=["state"])
    version.state, version.in_force_at = BudgetVersion.State.IN_FORCE, clock.now()
    version.is_baseline = before is None or rebaseline
    version.save(update_fields=["state", "in_force_at", "is_baseline"])


def _categories(version: BudgetVersion) -> list[Category]:
    return [envelope.category for envelope in version.categories.select_related("category").order_by("id")]


def allotments_of(version: BudgetVersion) -> list[Allotment]:
    """Return what a version allots, by cost centre code, category code and month."""
    budget = version.budget
    frame = Frame(budget.cost_centre.code, budget.starts_on, budget.ends_on, budget.currency)
    lines: dict[str, list[PlannedLine]] = defaultdict(list)
    for line in version.lines.select_related("category", "cost_centre").prefetch_related("months").order_by("id"):
        months = {row.month: row.amount for row in line.months.all()}
        lines[line.category.code].append(PlannedLine(line.name, line.cost_centre.code, months))
    envelopes = {row.category.path: row for row in version.categories.select_related("category").order_by("id")}
    amounts = {path: (row.category.code, row.amount) for path, row in envelopes.items()}
    return allot(version.total, _nest(amounts, lines, ""), frame)


def _nest(amounts: dict[str, tuple[str, Decimal]], lines: dict[str, list[PlannedLine]], above: str) -> list[PlannedEnvelope]:
    """Return the envelopes directly below the path `above`, each with its lines and the envelopes inside it."""
    inside = {path: _parent_of(path, amounts) for path in amounts}
    return [
        PlannedEnvelope(code, amount, lines.get(code, ()), _nest(amounts, lines, path))
        for path, (code, amount) in amounts.items()
        if inside[path] == above
    ]


def _parent_of(path: str, among: Iterable[str]) -> str:
    """Return the longest of the paths that lies strictly above `path`, or an empty string."""
    return max((other for other in among if other != path and path.startswith(other)), key=len, default="")


def _accounts_and_amounts(version: BudgetVersion) -> Amounts:
    """Make the version's accounts; return what each is to be allotted by month."""
    allotments = allotments_of(version)
    accounts = _accounts(version.budget, allotments)
    wanted: Amounts = defaultdict(Decimal)
    for allotment in allotments:
        for month, amount in allotment.months.items():
            wanted[accounts[allotment.cost_centre, allotment.category].pk, month] += amount
    return wanted


def _accounts(budget: Budget, allotments: list[Allotment]) -> dict[tuple[str, str], FundsAccount]:
    centres = {node.code: node for node in CostCentre.objects.filter(entity=budget.entity)}
    categories = {category.code: category for category in Category.objects.filter(entity=budget.entity)}
    lines: dict[tuple[str, str], list[str]] = defaultdict(list)
    for allotment in allotments:
        lines[allotment.cost_centre, allotment.category].append(allotment.line)
    accounts = {}
    for (centre, category), names in lines.items():
        label = _label(names, categories[category], centres[centre])
        account = ensure_account(budget=budget, cost_centre=centres[centre], category=categories[category], name=label)
        if account.name != label:
            name_account(account=account, name=label)
        accounts[centre, category] = account
    return accounts


def _label(names: list[str], category: Category, centre: CostCentre) -> str:
    """Return the account's name: that of its line where it has one or two, else category and cost centre."""
    lines = [name for name in names if name]
    if lines and len(lines) <= 2:
        return " and ".join(lines)
    return f"{category.name}, {centre.name}" if lines else f"{category.name}, not yet planned"


def _post_differences(
    version: BudgetVersion, wanted: Amounts, *, actor: User | None, first: bool, force: bool
) -> PostedJournal | None:
    there = _allotted_by_versions(version.budget)
    differences = {place: wanted.get(place, ZERO) - there.get(place, ZERO) for place in sorted({*wanted, *there})}
    if version.effective_on is not None:
        differences = _from_month_on(differences, version.effective_on)
    postings = [Posting(account, month, "allotted", amount) for (account, month), amount in differences.items() if amount]
    if not postings:
        return None
    return post(
        key=_key_of(version),
        kind=Journal.Kind.ALLOT if first else Journal.Kind.REVISE,
        entity=version.budget.entity,
        postings=postings,
        actor=actor,
        source=(SOURCE, str(version.pk)),
        is_fact=force,
        memo=str(version)[:400],
    )


def _from_month_on(differences: Amounts, since: date) -> Amounts:
    """Leave the months before as they are: what would differ there differs in the first month instead."""
    found: Amounts = defaultdict(Decimal)
    for (account, month), amount in differences.items():
        found[account, max(month, since)] += amount
    return dict(sorted(found.items()))


def _key_of(version: BudgetVersion) -> str:
    """Return the key of the journal that puts a version in force; one that was taken back and comes again has another."""
    posted = Journal.objects.filter(source_type=SOURCE, source_id=str(version.pk)).exclude(kind=Journal.Kind.REVERSE).count()
    return f"budget-version:{version.pk}" + (f":{posted}" if posted else "")


def _allotted_by_versions(budget: Budget) -> Amounts:
    """Return what the budget's versions have allotted so far: transfers and what was carried over stay out of it."""
    versions = [str(pk) for pk in budget.versions.values_list("pk", flat=True)]
    rows = Entry.objects.filter(
        account__budget=budget, bucket="allotted", journal__source_type=SOURCE, journal__source_id__in=versions
    ).order_by()
    sums = rows.values("account_id", "month").annotate(total=Sum("amount"))
    return {(row["account_id"], row["month"]): row["total"] for row in sums}
