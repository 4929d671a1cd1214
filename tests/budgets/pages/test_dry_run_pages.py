"""What moves money is shown before it is done: nothing is left behind, and the figures told are those of the deed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from budgets.models import BudgetVersion, CarryRun, ChargebackRun, Journal, Period, RuleSet, SpendTag
from budgets.rules.safe_yaml import read
from budgets.selectors.sign_offs import digest_of
from budgets.services.budgets import load_document
from budgets.services.chargeback_posting import post_chargeback
from budgets.services.sign_offs import sign_off
from budgets.services.spend_tags import ItemData, note_spend
from budgets.services.statements import accept_statement
from core.models import AuditRecord, Notice, OutboxEvent, User
from tests.budgets.pages.test_load_page import PLAN as FILE
from tests.budgets.services.test_sign_offs import PLAN
from tests.factories.budgets import move
from tests.factories.chargebacks import JANUARY, Charged, rules_document
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.trials import Trying

FEBRUARY = date(2026, 2, 1)


@pytest.fixture
def finance(client: Client, small_budget: SmallBudget, controller: User) -> Client:
    client.force_login(controller)
    return client


def accepted(charged: Charged) -> ChargebackRun:
    run = charged.sent()
    for statement in run.statements.select_related("manager"):
        accept_statement(statement_id=statement.pk, actor=statement.manager)
    return run


def counts() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (Journal, AuditRecord, OutboxEvent, Notice))


def test_a_chargeback_is_posted_and_undone_as_was_shown(finance: Client, charged: Charged, trying: Trying) -> None:
    run = accepted(charged)
    shown = trying.then_done(finance, reverse("budgets:chargeback-post", args=[run.pk]))
    told = {(each.line, each.before, each.after) for each in shown.context["effects"].moved if each.by > 0}
    assert {pair[1:] for pair in told} == {(Decimal("0.00"), Decimal("60.05")), (Decimal("0.00"), Decimal("40.04"))}
    page = shown.content.decode()
    assert "nothing is changed, and nobody was told" in page
    assert "60.05" in page
    assert ChargebackRun.objects.get().state == "posted"
    trying.then_done(finance, reverse("budgets:chargeback-undo", args=[run.pk]), {"reason": "The wrong meter."})
    assert ChargebackRun.objects.get().ended_because == "The wrong meter."


def test_what_would_be_refused_is_refused_when_it_is_tried(finance: Client, charged: Charged, trying: Trying) -> None:
    run = charged.sent()
    shown = trying.shown(finance, reverse("budgets:chargeback-post", args=[run.pk]), status=409)
    assert "did not answer yet" in shown.content.decode()


def test_spend_that_came_meanwhile_is_refused_as_it_is_without_trying(finance: Client, charged: Charged, trying: Trying) -> None:
    run = accepted(charged)
    address = reverse("budgets:chargeback-post", args=[run.pk])
    shown = trying.shown(finance, address)
    move(charged.small.accounts["PLATFORM", "software"], "spent", "5.00", thread="raw-row:8", is_fact=True)
    before = counts()
    assert trying.confirmed(finance, address, shown).status_code == 409
    assert counts() == before
    assert ChargebackRun.objects.get().state == "review"


def test_a_forged_confirmation_does_nothing(finance: Client, charged: Charged, trying: Trying) -> None:
    run = accepted(charged)
    before = counts()
    answer = finance.post(reverse("budgets:chargeback-post", args=[run.pk]), {"shown_effects": "forged"})
    assert answer.status_code == 409
    assert "This is what it would do now" in answer.content.decode()
    assert counts() == before
    # What is shown then can be confirmed.
    assert trying.confirmed(finance, reverse("budgets:chargeback-post", args=[run.pk]), answer).status_code == 302


def test_a_confirmation_is_one_persons(client: Client, charged: Charged, controller: User, trying: Trying) -> None:
    run = accepted(charged)
    address = reverse("budgets:chargeback-post", args=[run.pk])
    client.force_login(controller)
    shown = trying.shown(client, address)
    other = UserFactory.create(name="Other controller")
    assign(other, "controller", charged.entity, kind="finance")
    client.force_login(other)
    before = counts()
    assert trying.confirmed(client, address, shown).status_code == 409
    assert counts() == before


def test_without_trying_it_is_done_at_once(finance: Client, charged: Charged) -> None:
    run = accepted(charged)
    assert finance.post(reverse("budgets:chargeback-post", args=[run.pk])).status_code == 302
    assert ChargebackRun.objects.get().state == "posted"


def test_who_may_not_do_it_may_not_try_it(client: Client, charged: Charged) -> None:
    run = accepted(charged)
    client.force_login(charged.product_lead)
    before = counts()
    assert client.post(reverse("budgets:chargeback-post", args=[run.pk]), {"dry_run": "true"}).status_code == 403
    assert counts() == before


def test_what_was_carried_is_taken_back_as_was_shown(finance: Client, small_budget: SmallBudget, trying: Trying) -> None:
    move(small_budget.account, "spent", 1500, is_fact=True)
    typed = {"through": "2026-01", "span": "month", "then": "look"}
    looked = finance.post("/budgets/SMALL/carry/", typed)
    mark = str(looked.context["form"]["shown"].value())
    finance.post("/budgets/SMALL/carry/", typed | {"then": "do", "shown": mark})
    run = CarryRun.objects.get()
    address = reverse("budgets:carry-undo", args=["SMALL", run.pk])
    shown = trying.then_done(finance, address, {"reason": "Too early."})
    assert {(each.month, each.bucket) for each in shown.context["effects"].moved} == {
        (JANUARY, "allotted"),
        (FEBRUARY, "allotted"),
    }
    assert "It would be refused" in trying.shown(finance, address, {"reason": "Twice."}, status=409).content.decode()


def test_a_reason_that_is_missing_is_told_when_it_is_tried(finance: Client, charged: Charged, trying: Trying) -> None:
    run = accepted(charged)
    post_chargeback(run_id=run.pk, actor=charged.controller)
    trying.shown(finance, reverse("budgets:chargeback-undo", args=[run.pk]), {"reason": ""}, status=422)


def test_the_last_signature_shows_what_it_puts_in_force(
    client: Client, small_budget: SmallBudget, controller: User, trying: Trying
) -> None:
    assign(controller, "controller", small_budget.entity, kind="finance")
    owner = UserFactory.create(name="Owner")
    assign(owner, "lead", small_budget.entity, kind="approver")
    text = PLAN % {"amount": "120.00", "sign_off": "true", "name": "A plan"}
    version = load_document(document=read(text.encode()), actor=controller, source_name="plan.yaml").version
    sign_off(version_id=version.pk, side="owner", digest=digest_of(version), actor=owner)
    client.force_login(controller)
    typed = {"side": "finance", "digest": digest_of(version)}
    shown = trying.then_done(client, reverse("budgets:version-sign", args=["PLAN", version.number]), typed)
    assert sum(each.by for each in shown.context["effects"].moved) == Decimal("500.00")
    version.refresh_from_db()
    assert version.state == "in_force"


def test_closing_a_month_is_tried(finance: Client, small_budget: SmallBudget, trying: Trying) -> None:
    address = reverse("budgets:periods-close", args=["acme"])
    shown = trying.then_done(finance, address, {"month": "2026-01"})
    assert "No amount moves on any budget line" in shown.content.decode()
    assert Period.objects.get(month=JANUARY).state == "closed"
    refused = trying.shown(finance, address, {"month": "2026-01"}, status=409)
    assert "It would be refused" in refused.content.decode()
    assert "Do it" not in refused.content.decode()


def test_rules_say_how_many_tags_they_would_set(finance: Client, small_budget: SmallBudget, trying: Trying) -> None:
    key: dict[str, Any] = {
        "name": "Team",
        "starts_on": "2026-01",
        "allows": "list",
        "values": "api\ndata\n",
        "is_mandatory": "on",
    }
    rule = {"name": "Clouds", "starts_on": "2026-01", "position": "10", "service": "Cloud*", "sets": "Team=api"}
    for thread in ("t:1", "t:2"):
        item = ItemData(thread, small_budget.account.pk, JANUARY, "ledger", "Acme Cloud", "Cloud hosting")
        note_spend(entity=small_budget.entity, items=[item])
        move(small_budget.account, "spent", "90", thread=thread, is_fact=True)
    for what, said in (("keys", key), ("rules", rule)):
        assert finance.post(f"/budgets/tags/acme/{what}/state/", said).status_code == 302
    shown = trying.then_done(finance, reverse("budgets:tags-apply", args=["acme"]), {"month": "2026-01"})
    assert "The rules set 2 tags." in shown.content.decode()
    assert SpendTag.objects.count() == 2


def test_a_rule_set_is_tried_before_it_holds(finance: Client, charged: Charged, trying: Trying) -> None:
    halves = rules_document(starts_on="2026-02", name="Halves")
    text = "\n".join(f"{name}: {value!r}" for name, value in halves.items())
    address = f"{reverse('budgets:rule-set-new', args=['acme'])}?as=yaml"
    shown = trying.shown(finance, address, {"text": text})
    assert "Halves, version 2, holds from February 2026 on" in shown.content.decode()
    assert trying.confirmed(finance, address, shown).status_code == 302
    assert RuleSet.objects.count() == 2


def test_a_budget_goes_back_to_an_earlier_version(finance: Client, controller: User, trying: Trying) -> None:
    for amount in ("250.00", "200.00"):
        text = FILE.replace('amount: "250.00"', f'amount: "{amount}"')
        load_document(document=read(text.encode()), actor=controller, source_name="plan.yaml", entity_code="acme")
    assert "Go back to it" in finance.get("/budgets/PLAN/versions/1/").content.decode()
    assert "Go back to it" not in finance.get("/budgets/PLAN/versions/2/").content.decode()
    address = reverse("budgets:version-again", args=["PLAN", 1])
    journals = Journal.objects.count()
    shown = finance.post(address)
    assert "Plan would get version 3" in shown.content.decode()
    assert "+50.00" in shown.content.decode()
    assert Journal.objects.count() == journals
    token = shown.context["form"].initial["shown"]
    assert finance.post(reverse("budgets:load-confirm"), {"shown": token}).status_code == 302
    back = BudgetVersion.objects.get(budget__code="PLAN", number=3)
    assert (back.state, back.note) == ("in_force", "Back to version 1.")
    assert {line.name: line.amount for line in back.lines.all()} == {
        line.name: line.amount for line in BudgetVersion.objects.get(budget__code="PLAN", number=1).lines.all()
    }
    refused = finance.post(reverse("budgets:version-again", args=["PLAN", 3]), follow=True)
    assert "Go back to one that was in force before" in refused.content.decode()
