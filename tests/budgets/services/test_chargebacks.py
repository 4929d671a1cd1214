"""A month's chargeback: collected, shared out, adjusted, put before the managers, posted, undone, drawn up again."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, InternalError, connection, transaction

from budgets.models import (
    Balance,
    ChargebackAdjustment,
    ChargebackPart,
    ChargebackRun,
    ChargebackSource,
    ChargebackStatement,
    CostCentre,
    Entry,
    Journal,
)
from budgets.selectors.chargebacks import borne_in, differences, run_before, totals_of
from budgets.selectors.check import check_ledger
from budgets.services.accounts import ensure_account
from budgets.services.chargeback_posting import post_chargeback, undo_chargeback
from budgets.services.chargebacks import AdjustmentData, adjust, draw_up, drop, send_statements
from budgets.services.periods import close_period
from budgets.services.recoding import recode
from budgets.services.statements import accept_statement
from core import clock
from core.errors import ClosedPeriod, InvalidInput, Missing, Refusal, Stale, WrongState
from core.models import AuditRecord
from tests.factories.budgets import CostCentreFactory, move
from tests.factories.chargebacks import JANUARY, Charged, pool, read, stated
from tests.factories.core import UserFactory, assign


def totals(run: ChargebackRun) -> dict[str, str]:
    return {centre.code: str(amount) for centre, amount in totals_of(borne_in(run)).items()}


def spent(charged: Charged) -> dict[str, Decimal]:
    """What is spent in January by cost centre."""
    sums: dict[str, Decimal] = {}
    for code, amount in Balance.objects.filter(month=JANUARY).values_list("account__cost_centre__code", "spent"):
        sums[code] = sums.get(code, Decimal(0)) + amount
    return {code: amount for code, amount in sums.items() if amount}


def accepted(charged: Charged, run: ChargebackRun) -> ChargebackRun:
    for statement in run.statements.select_related("manager"):
        accept_statement(statement_id=statement.pk, actor=statement.manager)
    return run


def posted(charged: Charged) -> ChargebackRun:
    run = accepted(charged, charged.sent())
    post_chargeback(run_id=run.pk, actor=charged.controller)
    run.refresh_from_db()
    return run


def moving(charged: Charged, amount: str, giver: CostCentre, taker: CostCentre) -> AdjustmentData:
    return AdjustmentData("platform", giver, taker, Decimal(amount), "scope_change", "The team moved.")


def counts() -> tuple[int, ...]:
    models = (Journal, Entry, ChargebackRun, ChargebackPart, ChargebackAdjustment, ChargebackStatement, AuditRecord)
    return tuple(model.objects.count() for model in models)


def test_a_month_is_collected_with_its_journals_and_shared_out_to_the_cent(charged: Charged) -> None:
    run = charged.drawn()
    assert totals(run) == {"PRODUCT": "60.05", "DATA": "40.04"}
    assert {source.amount for source in run.sources.all()} == {Decimal("70.09"), Decimal("30.00")}
    journals = Entry.objects.filter(bucket="spent").values_list("journal_id", flat=True)
    assert sorted(each for source in run.sources.all() for each in source.journal_ids) == sorted(journals)
    assert run.parts.get(receiver=charged.data).why == "40 %"


def test_the_newest_rules_hold_whose_month_has_come(charged: Charged) -> None:
    halves = [{"to": "PRODUCT", "pct": "50"}, {"to": "DATA", "pct": "50"}]
    later = stated(charged.entity, charged.controller, pool(shares=halves), starts_on="2026-02")
    assert charged.drawn().rules.number == 1
    move(charged.small.account, "spent", "145.65", month=date(2026, 2, 1), thread="raw-row:3", is_fact=True)
    february = charged.drawn(date(2026, 2, 1))
    assert february.rules == later
    assert totals(february) == {"PRODUCT": "72.83", "DATA": "72.82"}


def test_three_share_until_the_rules_of_two_begin(charged: Charged) -> None:
    sales = CostCentreFactory.create(entity=charged.entity, code="SALES", name="Sales", parent=charged.small.parent)
    assign(UserFactory.create(name="Sales lead"), "team_lead", charged.entity, cost_centre=sales)
    three = [{"to": "PRODUCT", "pct": "30"}, {"to": "DATA", "pct": "30"}, {"to": "SALES", "pct": "40"}]
    halves = [{"to": "PRODUCT", "pct": "50"}, {"to": "DATA", "pct": "50"}]
    stated(charged.entity, charged.controller, pool(shares=three), starts_on="2026-02")
    stated(charged.entity, charged.controller, pool(shares=halves), starts_on="2026-04")
    for month in (2, 3, 4):
        thread = f"raw-row:1{month}"
        move(charged.small.account, "spent", "100.00", month=date(2026, month, 1), thread=thread, is_fact=True)
    threefold = {"PRODUCT": "30.00", "DATA": "30.00", "SALES": "40.00"}
    assert totals(charged.drawn(date(2026, 2, 1))) == threefold
    assert totals(charged.drawn(date(2026, 3, 1))) == threefold
    assert totals(charged.drawn(date(2026, 4, 1))) == {"PRODUCT": "50.00", "DATA": "50.00"}


def test_all_of_it_to_one_and_shares_within_shares(charged: Charged) -> None:
    CostCentreFactory.create(entity=charged.entity, code="SALES", name="Sales", parent=charged.small.parent)
    stated(charged.entity, charged.controller, pool(direct="PRODUCT"))
    assert totals(charged.drawn()) == {"PRODUCT": "100.09"}
    parts = [{"to": "PRODUCT", "pct": "60"}, {"to": "DATA", "pct": "20"}]
    within = [{"to": "ENG", "pct": "80", "of_which": parts}, {"to": "SALES", "pct": "20"}]
    stated(charged.entity, charged.controller, pool(shares=within))
    assert totals(charged.drawn()) == {"PRODUCT": "60.05", "DATA": "20.02", "SALES": "20.02"}


def test_usage_and_overhead(charged: Charged) -> None:
    by_use = pool("calls", usage="api-calls", collects={"cost_centre": "PLATFORM", "category": "software"})
    overhead = pool("rest", overhead=True, collects={"cost_centre": "PLATFORM", "category": "training"})
    stated(charged.entity, charged.controller, by_use, overhead)
    empty = charged.drawn()
    assert totals(empty) == {}
    assert empty.findings == [
        "Calls stays where it is. No readings of api-calls are stated for the month.",
        "Rest stays where it is. Nobody got anything of the other pools, so there is no proportion.",
    ]
    read(charged.entity, charged.controller, "api-calls", PRODUCT="4000", DATA="3000")
    run = charged.drawn()
    assert totals(run) == {"PRODUCT": "57.19", "DATA": "42.90"}
    why = {(part.pool, part.receiver.code): part.why for part in run.parts.select_related("receiver")}
    assert why["calls", "DATA"] == "3,000 of 7,000 api-calls"
    assert why["rest", "DATA"] == "as it got 30.04 of 70.09 in the other pools"


def test_pools_that_serve_one_another_go_on_reciprocally(charged: Charged) -> None:
    tools = CostCentreFactory.create(entity=charged.entity, code="TOOLS", name="Tools", parent=charged.small.parent)
    account = ensure_account(budget=charged.small.budget, cost_centre=tools, category=charged.small.categories["software"])
    move(account, "spent", "50.00", thread="raw-row:9", is_fact=True)
    pools = [pool(usage="calls"), pool("tools", centre="TOOLS", usage="seats")]
    stated(charged.entity, charged.controller, *pools, method="reciprocal")
    read(charged.entity, charged.controller, "calls", TOOLS="1", PRODUCT="1", DATA="2")
    read(charged.entity, charged.controller, "seats", PLATFORM="1", PRODUCT="1")
    run = charged.drawn()
    sums = {code: Decimal(amount) for code, amount in totals(run).items()}
    assert sum(sums.values()) == Decimal("150.09")
    # x = 100.09 + y/2 and y = 50 + x/4, so x = 142.96, of which half goes to data.
    assert sums["DATA"] == Decimal("71.48")


def test_an_adjustment_keeps_the_sum_and_takes_no_more_than_is_borne(charged: Charged) -> None:
    run = charged.drawn()
    adjust(run_id=run.pk, data=moving(charged, "10.05", charged.product, charged.data), actor=charged.controller)
    assert totals(run) == {"PRODUCT": "50.00", "DATA": "50.09"}
    before = counts()
    for amount in ("50.01", "-1", "0"):
        with pytest.raises(InvalidInput, match=r"bears 50\.00 of it"):
            adjust(run_id=run.pk, data=moving(charged, amount, charged.product, charged.data), actor=charged.controller)
    with pytest.raises(InvalidInput, match="of which nothing is collected"):
        adjust(run_id=run.pk, data=moving(charged, "1", charged.product, charged.platform), actor=charged.controller)
    assert counts() == before


def test_posting_moves_the_spend_and_undoing_moves_it_back(charged: Charged) -> None:
    assert spent(charged) == {"PLATFORM": Decimal("100.09")}
    run = posted(charged)
    assert spent(charged) == {"PRODUCT": Decimal("60.05"), "DATA": Decimal("40.04")}
    journal = Journal.objects.get(key=run.key)
    assert (journal.kind, journal.is_fact, journal.source_type) == ("recode", True, "chargeback")
    assert run.state == "posted"
    undo_chargeback(run_id=run.pk, actor=charged.controller, reason="The wrong rules")
    assert spent(charged) == {"PLATFORM": Decimal("100.09")}
    assert check_ledger().is_whole


def test_a_second_posting_moves_nothing(charged: Charged) -> None:
    run = posted(charged)
    before = counts()
    with pytest.raises(WrongState, match="posted"):
        post_chargeback(run_id=run.pk, actor=charged.controller)
    assert counts() == before


def test_drawn_up_again_it_takes_the_place_of_what_was_posted(charged: Charged) -> None:
    first = posted(charged)
    move(charged.small.account, "spent", "9.91", thread="raw-row:4", is_fact=True)
    again = accepted(charged, charged.sent())
    assert run_before(again) == first
    assert {row.receiver.code: str(row.difference) for row in differences(again, first)} == {"PRODUCT": "5.95", "DATA": "3.96"}
    post_chargeback(run_id=again.pk, actor=charged.controller)
    first.refresh_from_db()
    assert first.state == "replaced"
    assert spent(charged) == {"PRODUCT": Decimal("66.00"), "DATA": Decimal("44.00")}
    assert check_ledger().is_whole


def test_what_was_not_posted_is_dropped_as_the_month_is_drawn_up_again(charged: Charged) -> None:
    first, second = charged.drawn(), charged.drawn()
    first.refresh_from_db()
    assert (first.state, second.number) == ("dropped", 2)
    drop(run_id=second.pk, actor=charged.controller, reason="Not this month")
    assert not ChargebackRun.objects.filter(state__in=ChargebackRun.OPEN).exists()


def test_a_closed_month_stays_as_it_is(charged: Charged) -> None:
    run = posted(charged)
    waiting = accepted(charged, charged.sent())
    close_period(entity=charged.entity, month=JANUARY, actor=charged.controller)
    before = counts()
    acts: list[Callable[[], object]] = [
        lambda: charged.drawn(),
        lambda: post_chargeback(run_id=waiting.pk, actor=charged.controller),
        lambda: undo_chargeback(run_id=run.pk, actor=charged.controller, reason="Too late"),
    ]
    for act in acts:
        with pytest.raises(ClosedPeriod, match="Open the month again"):
            act()
    assert counts() == before


def test_it_is_posted_when_all_have_answered_or_five_working_days_have_gone_by(charged: Charged) -> None:
    run = charged.sent()
    with pytest.raises(WrongState, match="did not answer yet"):
        post_chargeback(run_id=run.pk, actor=charged.controller)
    statement = run.statements.first()
    assert statement is not None
    with clock.at(statement.due_at):
        post_chargeback(run_id=run.pk, actor=charged.controller)
    assert spent(charged) == {"PRODUCT": Decimal("60.05"), "DATA": Decimal("40.04")}


def test_it_is_not_posted_once_the_spend_has_changed(charged: Charged) -> None:
    run = accepted(charged, charged.sent())
    move(charged.small.account, "spent", "1.00", thread="raw-row:5", is_fact=True)
    before = counts()
    with pytest.raises(Stale, match="changed since this was drawn up"):
        post_chargeback(run_id=run.pk, actor=charged.controller)
    assert counts() == before


def test_what_cannot_be_drawn_up_is_refused(charged: Charged) -> None:
    before = counts()
    with pytest.raises(Missing, match="No rules “other” hold"):
        draw_up(entity=charged.entity, month=JANUARY, rules_code="other", actor=charged.controller)
    with pytest.raises(WrongState, match="Nothing was spent in March 2026"):
        charged.drawn(date(2026, 3, 1))
    with pytest.raises(ClosedPeriod):
        charged.drawn(date(2031, 3, 1))
    assert counts() == before


def test_a_receiver_whom_nobody_manages_or_no_budget_covers_is_said(charged: Charged) -> None:
    lonely = CostCentre.objects.create(entity=charged.entity, code="LONE", name="Lonely", path="/LONE/")
    stated(charged.entity, charged.controller, pool(shares=[{"to": "LONE", "pct": "100"}]))
    run = charged.drawn()
    with pytest.raises(Missing, match="Nobody decides over Lonely"):
        send_statements(run_id=run.pk, actor=charged.controller)
    assign(charged.data_lead, "lead", charged.entity, cost_centre=lonely)
    accepted(charged, send_statements(run_id=run.pk, actor=charged.controller))
    with pytest.raises(Missing, match="No budget in force covers Lonely"):
        post_chargeback(run_id=run.pk, actor=charged.controller)
    assert spent(charged) == {"PLATFORM": Decimal("100.09")}


def test_what_was_charged_back_is_not_recoded_entry_by_entry(charged: Charged) -> None:
    run = posted(charged)
    entry = Entry.objects.filter(journal__key=run.key, amount__gt=0).first()
    assert entry is not None
    with pytest.raises(WrongState, match="posting of a month's chargeback"):
        recode(key="x", entry_ids=[entry.pk], to_account=charged.small.account, actor=charged.controller)


def test_the_database_holds_it_too(charged: Charged) -> None:
    run = charged.drawn()
    part = run.parts.get(receiver=charged.data)
    refused = (IntegrityError, InternalError)
    for statement in (
        f"UPDATE budgets_chargebackrun SET state = 'posted' WHERE id = {run.pk}",
        f"UPDATE budgets_chargebackpart SET amount = 1 WHERE id = {part.pk}",
        f"DELETE FROM budgets_chargebackrun WHERE id = {run.pk}",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(refused), transaction.atomic():
        ChargebackAdjustment.objects.create(
            run=run, pool="platform", giver=charged.data, taker=charged.product, amount=Decimal("40.05"),
            reason="scope_change", words="Too much", made_by=charged.controller,
        )  # fmt: skip
    wrong = {"pool": "platform", "receiver": charged.platform, "amount": Decimal(1), "why": "Nothing", "basis": "direct"}
    ChargebackPart.objects.create(run=run, **wrong)
    with pytest.raises(refused, match="do not add up"), transaction.atomic():
        send_statements(run_id=run.pk, actor=charged.controller)
    with pytest.raises(refused, match="drawn up"), transaction.atomic():
        drop(run_id=run.pk, actor=charged.controller, reason="Broken")
        ChargebackSource.objects.create(
            run=run, pool="platform", account=charged.small.accounts["PRODUCT", "people"], amount=Decimal(1), journal_ids=[1]
        )


def test_a_posted_run_has_its_journal(charged: Charged) -> None:
    run = accepted(charged, charged.sent())
    with pytest.raises(IntegrityError, match="posted with its journal"), transaction.atomic():
        ChargebackRun.objects.filter(pk=run.pk).update(state="posted", posted_at=clock.now(), posted_by=charged.controller)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_refusals_are_refusals(charged: Charged) -> None:
    run = charged.drawn()
    for act in (
        lambda: undo_chargeback(run_id=run.pk, actor=charged.controller, reason="Why"),
        lambda: drop(run_id=run.pk, actor=charged.controller, reason=" "),
        lambda: drop(run_id=0, actor=charged.controller, reason="x"),
    ):
        with pytest.raises(Refusal):
            act()
