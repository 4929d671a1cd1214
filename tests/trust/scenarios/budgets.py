"""Scenarios of budgets: master data, versions, and what moves money."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings

from budgets.models import BudgetCategory, BudgetLine, BudgetLineMonth, BudgetVersion, CategoryAlias, Entry, Milestone
from budgets.rules.carrying import CarryTerms
from budgets.selectors.carry_previews import CarrySpan
from budgets.selectors.sign_offs import digest_of, signers
from budgets.services import (
    accounts,
    advances,
    anchors,
    budgets,
    carry_rules,
    carry_runs,
    categories,
    checking,
    controls,
    cost_centres,
    dumps,
    holds,
    ledger,
    milestones,
    movements,
    opening,
    owners,
    periods,
    previews,
    projections,
    rates,
    recoding,
    restating,
    restores,
    sign_offs,
    templates,
    transfers,
    vendors,
    versions,
)
from budgets.services import master_data as brought
from tests.factories.approvals import MARCH, read_yaml
from tests.factories.budgets import move
from tests.trust.scenarios.ground import Ground
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

only_reads(
    brought.known,
    controls.fingerprint,
    dumps.write_dump,
    opening.opening_key,
    opening.opening_thread,
    previews.base_of,
    restating.stated_of,
    restating.written,
    versions.refuse_unless_based_on,
    versions.allotments_of,
    versions.hold_version_to_limit,
)
steps_of(versions.put_in_force, steps=[accounts.name_account])
steps_of(cost_centres.move, steps=[controls.rebuild])
steps_of(
    anchors.take_anchor, steps=[anchors.write_once, anchors.write_anchor, anchors.signing_key, anchors.adopt_what_lies_there]
)
steps_of(transfers.transfer, steps=[movements.begin, movements.carry_out])
steps_of(
    budgets.load_document,
    steps=[
        brought.entity_of,
        brought.ensure_cost_centres,
        brought.ensure_categories,
        brought.ensure_vendors,
        restating.restate,
        restating.write_milestones,
        sign_offs.await_sign_off,
    ],
)
APRIL, MAY, AUGUST = date(2026, 4, 1), date(2026, 5, 1), date(2026, 8, 1)
SOURCE = ("scenario", "1")


@scenario(accounts.ensure_account)
def _ensure_account(ground: Ground) -> dict[str, Any]:
    return {"budget": ground.budget, "cost_centre": ground.centres["ENG"], "category": ground.categories["people"]}


@scenario(anchors.take_anchor, small=True)
def _take_anchor(ground: Ground) -> dict[str, Any]:
    key = Path(settings.ANCHOR_KEY_FILE)
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_text("5e" * anchors.KEY_BYTES + "\n")
    return {}


@scenario(checking.check_and_say)
def _check_and_say(ground: Ground) -> dict[str, Any]:
    return {}


@scenario(restores.accept_restore)
def _accept_restore(ground: Ground) -> dict[str, Any]:
    _take_anchor(ground)
    return {"by": "Operator", "reason": "The machine burned down.", "backup": "purser-1", "token": "5e" * 16}


@scenario(budgets.load_document)
def _load_document(ground: Ground) -> dict[str, Any]:
    return {"document": read_yaml("demo/budgets/kafka.yaml"), "actor": ground.finance, "source_name": "kafka.yaml"}


@scenario(budgets.load_document, label="to be signed")
def _load_to_be_signed(ground: Ground) -> dict[str, Any]:
    line = {"name": "Licences", "cost_centre": "PLATFORM", "amount": "100"}
    stated = {
        "code": "SIGNED",
        "name": "A plan",
        "currency": ground.entity.currency,
        "total": "100",
        "cost_centre": "ENG",
        "starts_on": "2026-01",
        "months": 12,
        "sign_off": True,
        "envelopes": [{"category": "software", "amount": "100", "lines": [line]}],
        "milestones": [{"code": "M1", "name": "Live", "due_on": "2026-03-31"}],
    }
    document = {"schema": "purser/budget/1", "entity": {"code": ground.entity.code}, "budget": stated}
    return {"document": document, "actor": ground.finance, "source_name": "plan.yaml"}


@scenario(sign_offs.sign_off)
def _sign_off(ground: Ground) -> dict[str, Any]:
    version = budgets.load_document(**_load_to_be_signed(ground)).version
    digest = digest_of(version)
    owner = signers(version, "owner")[0]
    sign_offs.sign_off(version_id=version.pk, side="owner", digest=digest, actor=owner)
    return {"version_id": version.pk, "side": "finance", "digest": digest, "actor": ground.finance}


@scenario(sign_offs.put_away)
def _put_away(ground: Ground) -> dict[str, Any]:
    version = budgets.load_document(**_load_to_be_signed(ground)).version
    return {"version_id": version.pk, "actor": ground.finance}


@scenario(budgets.load_document, label="dry run")
def _load_document_dry(ground: Ground) -> dict[str, Any]:
    return _load_document(ground) | {"dry_run": True}


@scenario(previews.preview_document)
def _preview_document(ground: Ground) -> dict[str, Any]:
    return _load_document(ground) | {"entity_code": ""}


@scenario(versions.put_in_force)
def _put_in_force(ground: Ground) -> dict[str, Any]:
    version = BudgetVersion.objects.create(budget=ground.budget, number=2, total=Decimal(500))
    BudgetCategory.objects.create(version=version, category=ground.categories["software"], amount=Decimal(500))
    for name, centre in (("Licences", "PLATFORM"), ("Courses", "PRODUCT")):
        line = BudgetLine.objects.create(
            version=version,
            category=ground.categories["software"],
            cost_centre=ground.centres[centre],
            name=name,
            amount=Decimal(250),
            phasing="stated",
            starts_on=MARCH,
            ends_on=MARCH,
        )
        BudgetLineMonth.objects.create(line=line, month=MARCH, amount=Decimal(250))
    return {"version_id": version.pk, "actor": ground.finance, "control_nodes": [ground.centres["PLATFORM"]]}


@scenario(categories.add_category)
def _add_category(ground: Ground) -> dict[str, Any]:
    parent = ground.categories["software"]
    return {"entity": ground.entity, "code": "licences", "name": "Licences", "actor": ground.finance, "parent": parent}


@scenario(categories.add_alias)
def _add_category_alias(ground: Ground) -> dict[str, Any]:
    return {"category": ground.categories["software"], "name": "SaaS", "actor": ground.finance, "source": "ledger"}


@scenario(categories.remove_alias)
def _remove_alias(ground: Ground) -> dict[str, Any]:
    alias: CategoryAlias = categories.add_alias(**_add_category_alias(ground))
    return {"alias": alias, "actor": ground.finance}


@scenario(cost_centres.add_cost_centre, small=True)
def _add_cost_centre(ground: Ground) -> dict[str, Any]:
    parent = ground.centres["ENG"]
    return {"entity": ground.entity, "code": "DATA", "name": "Data", "actor": ground.finance, "parent": parent}


@scenario(cost_centres.move)
def _move(ground: Ground) -> dict[str, Any]:
    parent = cost_centres.add_cost_centre(entity=ground.entity, code="OPS", name="Operations", actor=ground.finance)
    return {"cost_centre_id": ground.centres["PLATFORM"].pk, "parent_id": parent.pk, "actor": ground.finance}


@scenario(vendors.ensure_vendor)
def _ensure_vendor(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "name": "Streamline", "actor": ground.finance}


@scenario(vendors.add_alias)
def _add_vendor_alias(ground: Ground) -> dict[str, Any]:
    return {"vendor": ground.vendor, "name": "Acme Cloud Ltd", "actor": ground.finance}


def _milestone(ground: Ground) -> dict[str, Any]:
    told = {"budget": ground.budget, "code": "GO-LIVE", "name": "Go-live", "due_on": date(2026, 9, 1), "actor": ground.finance}
    return told | {"planned_cost": Decimal(400), "vendor": ground.vendor}


@scenario(milestones.set_milestone)
def _set_milestone(ground: Ground) -> dict[str, Any]:
    return _milestone(ground)


@scenario(milestones.complete_milestone)
def _complete_milestone(ground: Ground) -> dict[str, Any]:
    milestone: Milestone = milestones.set_milestone(**_milestone(ground))
    return {"milestone": milestone, "done_on": date(2026, 3, 2), "actor": ground.finance}


@scenario(periods.open_periods)
def _open_periods(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "first": date(2027, 1, 1), "last": date(2027, 3, 1), "actor": ground.finance}


@scenario(periods.close_period)
def _close_period(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "month": MARCH, "actor": ground.finance}


@scenario(periods.reopen_period)
def _reopen_period(ground: Ground) -> dict[str, Any]:
    periods.close_period(entity=ground.entity, month=MARCH, actor=ground.finance)
    return {"entity": ground.entity, "month": MARCH, "actor": ground.finance, "reason": "A late invoice."}


@scenario(projections.state_projection)
def _state_projection(ground: Ground) -> dict[str, Any]:
    part = projections.PartData("AWS", None, ground.categories["software"], Decimal(30), Decimal(20))
    data = projections.ProjectionData("Cloud", MARCH, 3, Decimal(15), [part])
    return {"entity": ground.entity, "data": data, "actor": ground.finance}


@scenario(rates.state_rate)
def _state_rate(ground: Ground) -> dict[str, Any]:
    rate = {"currency": "EUR", "valid_on": MARCH, "rate": Decimal("1.0842"), "source": "The central bank"}
    return {"entity": ground.entity, "actor": ground.finance, **rate}


def _control(ground: Ground) -> dict[str, Any]:
    node = controls.Node(budget=ground.budget, cost_centre=ground.centres["PLATFORM"])
    terms = controls.Terms("stop", "year", own_limit=Decimal(90000))
    return {"entity": ground.entity, "node": node, "terms": terms, "actor": ground.finance}


@scenario(controls.set_control)
def _set_control(ground: Ground) -> dict[str, Any]:
    return _control(ground)


@scenario(controls.remove_control)
def _remove_control(ground: Ground) -> dict[str, Any]:
    return {"control_id": controls.set_control(**_control(ground)).pk, "actor": ground.finance}


@scenario(controls.set_controls)
def _set_controls(ground: Ground) -> dict[str, Any]:
    some = [ground.categories["software"], ground.categories["people"]]
    return {"budget": ground.budget, "categories": some, "cost_centres": [ground.centres["PRODUCT"]]}


@scenario(ledger.post)
def _post(ground: Ground) -> dict[str, Any]:
    postings = [ledger.Posting(ground.account.pk, MARCH, "spent", Decimal("12.34"), "line:1", "Licences")]
    told = {"key": "spent-once", "kind": "spend", "entity": ground.entity, "postings": postings}
    return {**told, "actor": ground.finance, "source": SOURCE, "is_fact": True}


@scenario(ledger.reverse)
def _reverse(ground: Ground) -> dict[str, Any]:
    return {"journal_id": ledger.post(**_post(ground)).id, "key": "taken-back", "actor": ground.finance}


def _held(ground: Ground) -> dict[str, Any]:
    """Hold 100.00 in April, and name its journal."""
    move(ground.account, "committed", "100", month=APRIL, key="order-1", thread="order:1", actor=ground.finance)
    return {"pending_key": "order-1", "actor": ground.finance}


@scenario(holds.settle, small=True)
def _settle(ground: Ground) -> dict[str, Any]:
    return {"key": "order-1-spent", "into": "spent", "amounts": {"order:1": Decimal(60)}, **_held(ground)}


@scenario(holds.void)
def _void(ground: Ground) -> dict[str, Any]:
    return {"key": "order-1-void", **_held(ground)}


@scenario(holds.release_remainder)
def _release_remainder(ground: Ground) -> dict[str, Any]:
    holds.settle(**_settle(ground))
    return {"key": "order-1-rest", "pending_key": "order-1", "actor": ground.finance}


@scenario(holds.move_hold)
def _move_hold(ground: Ground) -> dict[str, Any]:
    return {"key": "order-1-later", "to_month": MAY, **_held(ground)}


@scenario(holds.move_thread)
def _move_thread(ground: Ground) -> dict[str, Any]:
    _held(ground)
    return {"key": "order-1-line-later", "thread": "order:1", "to_month": AUGUST, "actor": ground.finance}


@scenario(transfers.transfer, small=True)
def _transfer(ground: Ground) -> dict[str, Any]:
    amounts = {MARCH: Decimal(200), APRIL: Decimal("50.50")}
    sides = {"giver": ground.account, "taker": ground.other}
    return {"key": "transfer-1", **sides, "amounts": amounts, "actor": ground.finance, "source": SOURCE}


@scenario(opening.open_balances)
def _open_balances(ground: Ground) -> dict[str, Any]:
    rows = [
        opening.OpeningRow(account_id=ground.account.pk, reference="PO-1", committed=Decimal(40)),
        opening.OpeningRow(account_id=ground.other.pk, reference="PO-2", spent=Decimal(60)),
    ]
    totals = {"committed": Decimal(40), "spent": Decimal(60)}
    told = {"entity": ground.entity, "month": MARCH, "source_name": "Old books"}
    return {**told, "rows": rows, "totals": totals, "actor": ground.finance}


@scenario(advances.advance)
def _advance(ground: Ground) -> dict[str, Any]:
    told = {"key": "advance-1", "account": ground.account, "into": MARCH, "amounts": {APRIL: Decimal(200)}}
    return {**told, "actor": ground.finance, "source": SOURCE}


@scenario(carry_rules.state_carry_rule)
def _state_carry_rule(ground: Ground) -> dict[str, Any]:
    terms = CarryTerms("share", share_pct=Decimal(50))
    return {"cost_centre": ground.centres["ENG"], "starts_on": MARCH, "terms": terms, "actor": ground.finance}


def _carrying_of(ground: Ground) -> dict[str, Any]:
    move(ground.account, "spent", "1500", month=MARCH, is_fact=True)
    budget = ground.account.budget
    return {"budget": budget, "into_budget": budget, "span": CarrySpan(MARCH, MARCH, APRIL), "actor": ground.finance}


@scenario(carry_runs.carry_budget)
def _carry_budget(ground: Ground) -> dict[str, Any]:
    return _carrying_of(ground)


@scenario(carry_runs.undo_carry)
def _undo_carry(ground: Ground) -> dict[str, Any]:
    run = carry_runs.carry_budget(**_carrying_of(ground))
    return {"budget": ground.account.budget, "run_id": run.pk, "actor": ground.finance, "reason": "Too early."}


def _opening_of(ground: Ground) -> dict[str, Any]:
    rows = [opening.OpeningRow(account_id=ground.account.pk, reference="PO-1", committed=Decimal(40))]
    told = {"budget": ground.account.budget, "month": MARCH, "source_name": "Old books", "totals": {"committed": Decimal(40)}}
    return {**told, "rows": rows, "actor": ground.finance}


@scenario(opening.open_budget)
def _open_budget(ground: Ground) -> dict[str, Any]:
    return _opening_of(ground)


@scenario(opening.undo_opening)
def _undo_opening(ground: Ground) -> dict[str, Any]:
    posted = opening.open_budget(**_opening_of(ground))
    return {"budget": ground.account.budget, "journal_id": posted.id, "actor": ground.finance, "reason": "Wrong file."}


@scenario(recoding.recode)
def _recode(ground: Ground) -> dict[str, Any]:
    posted = move(ground.account, "spent", "75", month=MARCH, thread="line:7", is_fact=True)
    entries = list(Entry.objects.filter(journal_id=posted.id).values_list("pk", flat=True))
    return {"key": "recode-1", "entry_ids": entries, "to_account": ground.other, "actor": ground.finance}


@scenario(owners.set_owner)
def _set_owner(ground: Ground) -> dict[str, Any]:
    return {"budget_id": ground.budget.pk, "owner": ground.approver, "actor": ground.finance}


@scenario(templates.keep_template)
def _keep_template(ground: Ground) -> dict[str, Any]:
    version = BudgetVersion.objects.get(budget=ground.budget, state="in_force")
    return {"version": version, "name": "A plan", "about": "For years.", "actor": ground.finance}


@scenario(templates.put_template_away)
def _put_template_away(ground: Ground) -> dict[str, Any]:
    kept = templates.keep_template(**_keep_template(ground))
    return {"template_id": kept.pk, "actor": ground.finance}
