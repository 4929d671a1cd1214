"""Budgets as files: checked, made into a version, put in force."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from budgets.locks import lock_budget, lock_key, lock_structure
from budgets.models import Budget, BudgetCategory, BudgetLine, BudgetLineMonth, BudgetVersion, Category, CostCentre, Finding
from budgets.rules.document import BudgetDocument, BudgetPart, parse
from budgets.rules.health import USUAL_LADDER
from budgets.rules.phasing import working_days
from budgets.rules.plans import BudgetPlan, Known, PhasedLine, Spent, plan_of
from budgets.selectors.addresses import reserved_codes
from budgets.selectors.day_rates import prices_for
from budgets.selectors.rates import has_rate
from budgets.selectors.sign_offs import requires_sign_off, waiting_version
from budgets.selectors.spent import spent_at
from budgets.selectors.staffing import with_their_bases
from budgets.services import master_data
from budgets.services.bands import refuse_unless_stated_last
from budgets.services.controls import Node
from budgets.services.periods import open_periods
from budgets.services.restating import check_bands, restate, stated_of, write_bands, write_milestones, written
from budgets.services.sign_offs import await_sign_off
from budgets.services.versions import put_in_force, refuse_unless_based_on
from core import clock
from core.errors import InvalidInput
from core.models import Entity, User
from core.selectors.calendars import load_calendar
from core.services import audit

__all__ = ["LoadResult", "load_document", "put_in_force"]
FAR = 10


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What loading a budget file came to.

    `unchanged` says that this very file is in force, or waits, already; `waits` that its version waits to be signed.
    """

    budget: Budget
    version: BudgetVersion
    findings: list[Finding]
    total: Decimal
    lines: int
    unchanged: bool = False
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Base:
    """What a document was made on top of: the version in force and the band stated last, 0 for none, None where nobody looked.

    `since` is the month from which it holds, None for all of its months.
    """

    version_id: int | None = None
    band_id: int | None = None
    since: date | None = None


def load_document(
    *,
    document: Mapping[str, Any],
    actor: User | None,
    source_name: str = "",
    dry_run: bool = False,
    entity_code: str = "",
    base_id: int | None = None,
    band_id: int | None = None,
    since: date | None = None,
) -> LoadResult:
    """Load a budget file: make what it brings along, its version, and put that in force; or nothing of it.

    Where the file says that it is to be signed, or the version in force does, its version waits for that instead, and what is in
    force stays as it is.

    The same document again is no change. With `dry_run` everything is done and undone again, refusals included. `base_id` is the
    version in force that was seen when the document was made, 0 for none: of two edits from the same one the second is stale.
    `band_id` is the band of the budget that was stated last then, 0 for none: with another one it is stale too. With `since`, the
    first day of a month, the version holds from that month on: nothing that is allotted before it changes.
    Raises Stale, InvalidInput (`details` name the places in the file), Missing, NoFunds (an allotment below what is held),
    ClosedPeriod.
    """
    parsed = parse(document)
    with transaction.atomic():
        result = _load(parsed, document, actor, source_name, entity_code, Base(base_id, band_id, since))
        transaction.set_rollback(dry_run)
    return result


def _load(
    document: BudgetDocument,
    text: Mapping[str, Any],
    actor: User | None,
    source_name: str,
    entity_code: str,
    base: Base,
) -> LoadResult:
    part = document.budget
    lock_key(f"budget:{part.code}")
    entity = master_data.entity_of(document.entity, code=entity_code, actor=actor)
    _check_currency(part, entity)
    centres = master_data.ensure_cost_centres(entity, document.cost_centres, actor)
    categories = master_data.ensure_categories(entity, document.categories, actor)
    plan = plan_of_document(part, entity, centres, categories)
    waits = part.sign_off or requires_sign_off(_find(part.code))
    budget = _ensure_budget(part, entity, centres, actor, keep=waits)
    digest = _digest(document, plan)
    in_force = budget.versions.filter(state=BudgetVersion.State.IN_FORCE).first()
    refuse_unless_based_on(in_force, base.version_id)
    refuse_unless_stated_last(budget, base.band_id)
    if in_force is not None and in_force.source_digest == digest:
        return _result(budget, in_force, unchanged=True)
    waiting = waiting_version(budget)
    if waits and waiting is not None and waiting.source_digest == digest and waiting.based_on == in_force:
        return _result(budget, waiting, unchanged=True, waits=True)
    based_on = in_force if waits else None
    made = Made(actor, source_name, digest, based_on, base.since, document=written(text) if waits else "")
    version = write_version(budget, part, plan, centres, categories, made)
    if waits:
        await_sign_off(version=version, actor=actor)
        return _result(budget, version, waits=True)
    open_periods(entity=entity, first=part.starts_on, last=part.ends_on, actor=actor)
    write_milestones(budget, document, actor)
    control_nodes = [centres[code] for code in part.control.cost_centres]
    write_bands(budget, document, actor)
    put_in_force(version_id=version.pk, actor=actor, control_nodes=control_nodes)
    version.refresh_from_db()
    return _result(budget, version)


def _result(budget: Budget, version: BudgetVersion, *, unchanged: bool = False, waits: bool = False) -> LoadResult:
    findings = list(version.findings.order_by("id"))
    return LoadResult(budget, version, findings, version.total, version.lines.count(), unchanged, waits)


def _digest(document: BudgetDocument, plan: BudgetPlan) -> str:
    """Return what a file is known by. At other day rates or exchange rates the same file says something else."""
    said = document.model_dump(mode="json", by_alias=True)
    # As it was before a file could say so: files that are in force stay known.
    for line in (line for envelope in said["budget"]["envelopes"] for line in envelope["lines"]):
        _leave_out(line, "kept")
        _leave_out(line["rate"] or {}, "role", "currency", "days_per_sprint")
    rated = [line for line in plan.lines if line.part.rate and (line.part.rate.role or line.part.rate.currency)]
    if looked_up := [line.basis["rates"] for line in rated]:
        said["priced"] = looked_up
    if tuple(document.budget.control.ladder) == USUAL_LADDER:
        said["budget"]["control"].pop("ladder")
    if not document.budget.sign_off:
        said["budget"].pop("sign_off")
    if not document.budget.bands:
        said["budget"].pop("bands")
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _leave_out(said: dict[str, Any], *names: str) -> None:
    for name in names:
        if said.get(name) is None:
            said.pop(name, None)


def _check_currency(part: BudgetPart, entity: Entity) -> None:
    """A budget in another currency counts in the books at stated rates: without one nothing could be posted in it."""
    if not has_rate(entity, part.currency, clock.now().date()):
        raise InvalidInput(
            f"The budget is in {part.currency}, the books in {entity.currency}, and no exchange rate holds today.",
            remedy=f"State what one {part.currency} is on the page of exchange rates, or state the budget in {entity.currency}.",
            code="missing_rate",
            details={"budget.currency": f"no exchange rate for {part.currency} holds today"},
        )


def plan_of_document(
    part: BudgetPart, entity: Entity, centres: Mapping[str, CostCentre], categories: Mapping[str, Category]
) -> BudgetPlan:
    """Return the plan, once every code in it is known. Raises Missing that names the code."""
    for code in [
        part.cost_centre,
        *part.control.cost_centres,
        *(line.cost_centre for env in part.envelopes for line in env.lines),
    ]:
        master_data.known(centres, code, "cost centre")
    for envelope in part.envelopes:
        category = master_data.known(categories, envelope.category, "category")
        _check_nesting(category, envelope.parent, part, categories)
    check_bands(part, centres, categories)
    names = {code: category.name for code, category in categories.items()}
    rates = [line.rate for envelope in part.envelopes for line in envelope.lines if line.rate]
    spent = _spent_by(entity, part, centres, categories)
    return plan_of(part, Known(names, _working_days_of(entity, part), spent, prices_for(entity, part.currency, rates)))


def _check_nesting(category: Category, parent: str | None, part: BudgetPart, categories: Mapping[str, Category]) -> None:
    """Envelopes lie in each other as their categories do: a control on the outer one covers what the inner one holds."""
    stated = [envelope.category for envelope in part.envelopes if envelope.category in categories]
    above = [code for code in stated if code != category.code and category.path.startswith(categories[code].path)]
    nearest = max(above, key=lambda code: len(categories[code].path), default=None)
    if nearest != parent:
        raise InvalidInput(
            f"The envelope {category.code} lies in {nearest or 'no other'}, as its category does.",
            remedy=f"State `parent: {nearest}`." if nearest else "Leave its parent out.",
        )


def _working_days_of(entity: Entity, part: BudgetPart) -> Callable[[date], int]:
    if not any(line.phasing == "working_days" for envelope in part.envelopes for line in envelope.lines):
        return lambda _: 1
    calendar = load_calendar(entity.calendar, around=clock.now(), years=FAR)
    return lambda month: working_days(calendar, month)


def _spent_by(entity: Entity, part: BudgetPart, centres: Mapping[str, CostCentre], categories: Mapping[str, Category]) -> Spent:
    """Return what says how much was spent at a cost centre on a category, each with what lies below it, in a month."""

    def spent(cost_centre: str, category: str, month: date) -> Decimal:
        return spent_at(entity, part.currency, Node(cost_centre=centres[cost_centre], category=categories[category]), month)

    return spent


def _ensure_budget(
    part: BudgetPart, entity: Entity, centres: Mapping[str, CostCentre], actor: User | None, *, keep: bool = False
) -> Budget:
    """Return the budget, made where it is not there, with what the file states of it; as it is where that is to be kept."""
    stated = stated_of(part, centres)
    found = _find(part.code)
    if found is None:
        _refuse_reserved(part.code)
        budget = Budget.objects.create(entity=entity, code=part.code, **stated)
        audit.record(
            actor=actor, verb="budget.added", subject=budget, entity=entity, after={"code": part.code, "name": part.name}
        )
        return budget
    # In the order in which a version is put in force by an approval.
    lock_structure()
    return restate(lock_budget(found.pk), entity, stated, keep=keep)


def _refuse_reserved(code: str) -> None:
    if code in reserved_codes():
        sentence = f"“{code}” is the address of another page: this budget could not be opened. Choose another code."
        raise InvalidInput("The code is taken by a page.", remedy=sentence, code="reserved", details={"budget.code": sentence})


def _find(code: str) -> Budget | None:
    return Budget.objects.filter(code=code).first()


@dataclass(frozen=True, slots=True)
class Made:
    """By whom a version is made, and from what: the file's name and digest; while it waits to be signed also its text."""

    actor: User | None
    source_name: str = ""
    digest: str = ""
    based_on: BudgetVersion | None = None
    effective_on: date | None = None
    document: str = ""


def write_version(
    budget: Budget,
    part: BudgetPart,
    plan: BudgetPlan,
    centres: Mapping[str, CostCentre],
    categories: Mapping[str, Category],
    made: Made,
) -> BudgetVersion:
    """Store a draft with its envelopes, lines and findings."""
    newest = budget.versions.order_by("-number").first()
    version = BudgetVersion.objects.create(
        budget=budget,
        number=newest.number + 1 if newest else 1,
        total=part.total,
        note=part.note,
        source_name=made.source_name[-200:],
        source_digest=made.digest,
        created_by=made.actor,
        based_on=made.based_on,
        effective_on=made.effective_on,
        sign_off=part.sign_off,
        document=made.document,
    )
    BudgetCategory.objects.bulk_create(
        BudgetCategory(
            version=version, category=categories[row.category], amount=row.amount, variance_threshold=row.variance_threshold
        )
        for row in part.envelopes
    )
    _write_lines(version, with_their_bases(budget, plan.lines), centres, categories)
    Finding.objects.bulk_create(
        Finding(version=version, code=found.code, where=found.where, amount=found.amount, sentence=found.sentence[:400])
        for found in plan.findings
    )
    return version


def _write_lines(
    version: BudgetVersion, lines: list[PhasedLine], centres: Mapping[str, CostCentre], categories: Mapping[str, Category]
) -> None:
    rows = BudgetLine.objects.bulk_create(
        BudgetLine(
            version=version,
            category=categories[line.category],
            cost_centre=centres[line.part.cost_centre],
            name=line.part.name,
            amount=line.amount,
            amount_high=line.part.high,
            phasing=line.phasing,
            starts_on=min(line.months),
            ends_on=max(line.months),
            basis=line.basis,
        )
        for line in lines
    )
    BudgetLineMonth.objects.bulk_create(
        BudgetLineMonth(line=row, month=month, amount=amount)
        for row, line in zip(rows, lines, strict=True)
        for month, amount in line.months.items()
    )
