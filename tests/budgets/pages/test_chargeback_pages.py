"""The chargeback walked over its pages, by finance and by the managers."""

import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from budgets.models import ChargebackRun, ChargebackStatement, Journal, RuleSet, UsageReading
from budgets.selectors.statements import figures_of
from budgets.services.chargeback_posting import post_chargeback
from budgets.services.periods import close_period
from budgets.services.statements import accept_statement
from core.models import User
from tests.factories.chargebacks import JANUARY, Charged
from tests.factories.core import EntityFactory, UserFactory, assign


def as_(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def page(client: Client, name: str, *args: object) -> str:
    response = client.get(reverse(f"budgets:{name}", args=args))
    assert response.status_code == 200, name
    return re.sub(r"\s+", " ", response.content.decode())


def put(client: Client, where: str, *args: object, status: int = 302, **data: Any) -> str:
    response = client.post(reverse(f"budgets:{where}", args=args), data)
    assert response.status_code == status, response.content.decode()[:3000]
    return response.content.decode()


def test_a_month_goes_through_its_five_steps(client: Client, charged: Charged) -> None:
    as_(client, charged.controller)
    assert "Draw up a month" in page(client, "chargebacks")
    put(client, "chargeback-draw", charged.entity.code, month="2026-01", rules="monthly")
    run = ChargebackRun.objects.get()
    shown = page(client, "chargeback", run.pk)
    assert "by shares: PRODUCT 60 %, DATA 40 %" in shown
    assert "60.05" in shown
    moved: dict[str, Any] = {"pool": "platform", "giver": charged.product.pk, "taker": charged.data.pk, "amount": "10.05"}
    put(client, "chargeback-adjust", run.pk, **moved, reason="scope_change", words="One team moved.")
    too_much = moved | {"amount": "900", "reason": "scope_change", "words": "Typed"}
    typed = put(client, "chargeback-adjust", run.pk, status=422, **too_much)
    assert "bears 50.00 of it" in typed
    assert "Typed" in typed
    put(client, "chargeback-send", run.pk)
    assert "did not answer yet" in put(client, "chargeback-post", run.pk, status=409)

    as_(client, charged.product_lead)
    statement = run.statements.get(receiver=charged.product)
    listed = page(client, "statements")
    assert "Statements: 1 for you to answer" in listed
    assert listed.count(f"{figures_of(statement).amount:,.2f}") == 2
    assert "Accept it" in page(client, "statement", statement.pk)
    put(client, "statement-answer", statement.pk, answer="accept")

    as_(client, charged.data_lead)
    other = run.statements.get(receiver=charged.data)
    put(client, "statement-answer", other.pk, answer="dispute", words="Too much", amount="")
    as_(client, charged.controller)
    assert "what they bear" in put(client, "chargeback-post", run.pk, status=409)
    assert "This field is required" in put(
        client, "statement-resolve", other.pk, status=422, outcome="adjusted", answer="", pool="platform"
    )
    put(client, "statement-resolve", other.pk, outcome="refused", answer="The contract says so.")
    put(client, "chargeback-post", run.pk)
    assert "Undo it" in page(client, "chargeback", run.pk)
    assert Journal.objects.filter(key=run.key).exists()
    assert "50.0" in page(client, "chargebacks")
    put(client, "chargeback-undo", run.pk, status=422, reason="")
    put(client, "chargeback-undo", run.pk, reason="Wrong month")
    assert "Undone" in page(client, "chargeback", run.pk)


def test_a_cent_is_traced_to_its_entries(client: Client, charged: Charged) -> None:
    statement = charged.sent().statements.get(receiver=charged.product)
    as_(client, charged.controller)
    shown = page(client, "statement-sources", statement.pk, "platform")
    assert "Where 60.05 USD of Platform come from" in shown
    assert "42.05" in shown
    assert "18.00" in shown
    assert shown.count(">Journal ") == 2
    as_(client, charged.product_lead)
    hidden = page(client, "statement-sources", statement.pk, "platform")
    assert ">Journal " not in hidden
    assert "those of cost centres that you do not read are left out" in hidden
    assert client.get(reverse("budgets:statement-sources", args=[statement.pk, "other"])).status_code == 404


def test_a_manager_sees_their_own_statement_only(client: Client, charged: Charged) -> None:
    run = charged.sent()
    mine, theirs = (run.statements.get(receiver=centre) for centre in (charged.product, charged.data))
    as_(client, charged.product_lead)
    shown = page(client, "statement", mine.pk)
    assert "Data" not in shown.replace("data-", "")
    assert client.get(reverse("budgets:statement", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("budgets:statement-answer", args=[theirs.pk]), {"answer": "accept"}).status_code == 404
    assert client.get(reverse("budgets:chargeback", args=[run.pk])).status_code == 403
    theirs.refresh_from_db()
    assert theirs.state == "sent"


def test_an_outsider_finds_nothing(client: Client, charged: Charged) -> None:
    run = charged.sent()
    outsider = UserFactory.create()
    assign(outsider, "finance", EntityFactory.create(), kind="finance")
    as_(client, outsider)
    statement = ChargebackStatement.objects.first()
    assert statement is not None
    assert client.get(reverse("budgets:chargeback", args=[run.pk])).status_code == 404
    assert client.get(reverse("budgets:statement", args=[statement.pk])).status_code == 404
    assert "None yet." in page(client, "statements")


def test_the_lines_come_as_csv(client: Client, charged: Charged) -> None:
    statement = charged.sent().statements.get(receiver=charged.product)
    as_(client, charged.product_lead)
    response = client.get(reverse("budgets:statement-csv", args=[statement.pk]))
    rows = response.content.decode().splitlines()
    drawn = f"{statement.run.drawn_at:%Y-%m-%dT%H:%M:%SZ}"
    assert rows[1].startswith(f"2026-01,PRODUCT,Platform,60.05,0.00,60.05,USD,60 %,preliminary,{drawn},newest entry collected 20")
    assert response["Content-Disposition"].startswith("attachment")


def test_rules_are_stated_in_a_form_and_as_a_file(client: Client, charged: Charged) -> None:
    as_(client, charged.controller)
    first = RuleSet.objects.get()
    shown = page(client, "rule-set-new", charged.entity.code)
    assert "Pool 3" in shown
    head: dict[str, Any] = {"code": "monthly", "name": "Monthly", "starts_on": "2026-03", "method": "direct", "rows": "1"}
    row: dict[str, Any] = {
        "code-0": "platform",
        "name-0": "Platform",
        "centre-0": "PLATFORM",
        "lands_in-0": "software",
        "how-0": "shares",
    }
    row["said-0"] = "PRODUCT 50\nDATA 30"
    bad = put(client, "rule-set-new", charged.entity.code, status=422, **head, **row)
    assert "add up to 80 %, not to 100 %" in bad
    assert "DATA 30" in bad
    row["said-0"] = "PRODUCT 50\nDATA 50"
    put(client, "rule-set-new", charged.entity.code, **head, **row)
    second = RuleSet.objects.get(number=2)
    assert "starts_on: 2026-03" in page(client, "rule-set", second.pk)
    assert page(client, "rule-sets").count("version") >= 2
    address = reverse("budgets:rule-set-new", args=[charged.entity.code])
    assert "PRODUCT 60" in client.get(f"{address}?from={first.pk}").content.decode()
    text = client.get(f"{address}?as=yaml&from={first.pk}").context["form"]["text"].value()
    assert client.post(f"{address}?as=yaml", {"text": text.replace("PLATFORM", "NOWHERE")}).status_code == 422
    assert client.post(f"{address}?as=yaml", {"text": text.replace("60", "70").replace("40", "30")}).status_code == 302
    assert RuleSet.objects.count() == 3


def test_readings_are_typed_and_come_from_a_file_after_a_look(client: Client, charged: Charged) -> None:
    as_(client, charged.controller)
    typed: dict[str, Any] = {
        "metric": "api-calls",
        "month": "2026-01",
        "cost_centre": charged.product.pk,
        "source": "The gateway",
    }
    assert "such as 4000" in put(client, "reading-state", charged.entity.code, status=422, **typed, units="many")
    put(client, "reading-state", charged.entity.code, **typed, units="4,000")
    lines = (
        "metric,month,cost_centre,units,source\napi-calls,2026-01,PRODUCT,5000,A report\napi-calls,2026-01,DATA,3000,A report\n"
    )
    file = io.BytesIO(lines.encode())
    file.name = "usage.csv"
    shown = put(client, "readings-load", charged.entity.code, status=200, file=file)
    assert "2\u00a0readings to state" in shown
    assert UsageReading.objects.count() == 1
    signed = re.search(r'name="shown" value="([^"]+)"', shown)
    assert signed
    put(client, "readings-keep", charged.entity.code, shown=signed[1])
    assert UsageReading.objects.count() == 3
    assert "5,000" in page(client, "readings")
    bad = io.BytesIO(b"metric,month,cost_centre,units,source\nx,2026-13,DATA,1,A\n")
    bad.name = "bad.csv"
    assert "line 2: a month is written as 2026-06" in put(client, "readings-load", charged.entity.code, status=422, file=bad)


def test_a_closed_month_says_so(client: Client, charged: Charged) -> None:
    run = charged.sent()
    close_period(entity=charged.entity, month=JANUARY, actor=charged.controller)
    as_(client, charged.controller)
    assert "is closed: it is posted only if" in page(client, "chargeback", run.pk)
    assert "Open the month again" in put(
        client, "chargeback-draw", charged.entity.code, month="2026-01", rules="monthly", status=409
    )


@pytest.mark.parametrize("name", ["chargebacks", "rule-sets", "readings"])
def test_who_keeps_no_books_is_not_let_in(client: Client, charged: Charged, name: str) -> None:
    as_(client, charged.product_lead)
    assert client.get(reverse(f"budgets:{name}")).status_code == 403


def test_it_says_whether_its_figures_may_still_change(client: Client, charged: Charged) -> None:
    as_(client, charged.controller)
    run = charged.sent()
    for statement in run.statements.select_related("manager"):
        assert "Preliminary" in page(client, "statement", statement.pk)
        accept_statement(statement_id=statement.pk, actor=statement.manager)
    assert "newest entry collected" in page(client, "chargeback", run.pk)
    post_chargeback(run_id=run.pk, actor=charged.controller)
    assert "Preliminary" in page(client, "chargeback", run.pk)
    assert "Preliminary" in page(client, "tags")
    close_period(entity=charged.entity, month=JANUARY, actor=charged.controller)
    assert "Final" in page(client, "chargeback", run.pk)
    assert "Final" in page(client, "statement", run.statements.latest("pk").pk)
    assert "Final" in page(client, "tags")
