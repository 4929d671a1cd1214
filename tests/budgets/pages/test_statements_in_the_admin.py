"""Exchange rates, rule sets and carry rules in the admin: stated through their services by who keeps the books, never changed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client

from budgets.models import CarryRule, CostCentre, DayRate, ExchangeRate, RuleSet
from budgets.rules.carrying import CarryTerms
from budgets.services.carry_rules import state_carry_rule
from budgets.services.rates import state_rate
from core.models import AuditRecord, Entity, User
from tests.factories.core import assign
from tests.fixtures.budgets import SmallBudget

RULES = """schema: purser/allocation-rules/1
code: monthly
name: Monthly chargeback
starts_on: 2026-01
pools:
  - code: platform
    name: Platform
    collects: {cost_centre: PLATFORM}
    lands_in: software
    direct: PRODUCT
"""
VERBS = {
    "exchangerate": "exchange_rate.stated",
    "dayrate": "day_rates.stated",
    "ruleset": "rule_set.stated",
    "carryrule": "carry_rule.stated",
}
MODELS: dict[str, type[Model]] = {"exchangerate": ExchangeRate, "dayrate": DayRate, "ruleset": RuleSet, "carryrule": CarryRule}


@pytest.fixture
def keeper(client: Client, controller: User) -> Client:
    """Who keeps the books, and is marked for the admin."""
    return marked(client, controller)


@pytest.fixture
def typed(small_budget: SmallBudget) -> dict[str, dict[str, Any]]:
    """What is typed to add one statement of each kind."""
    entity, centre = small_budget.entity.pk, small_budget.cost_centres["PLATFORM"].pk
    return {
        "exchangerate": {
            "entity": entity,
            "currency": "eur",
            "rate": "1.0842",
            "valid_on": "2026-01-01",
            "source": "Central bank",
        },
        "dayrate": {
            "entity": entity,
            "role": "developer",
            "name": "Developer",
            "starts_on": "2026-06",
            "rate": "750.00",
            "currency": "eur",
            "source": "Contract 7",
        },
        "ruleset": {"entity": entity, "text": RULES},
        "carryrule": {"cost_centre": centre, "starts_on": "2026-03", "kind": "share", "share_pct": "40", "note": "Agreed."},
    }


def marked(client: Client, person: User) -> Client:
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    client.force_login(person)
    return client


def add(client: Client, kind: str, typed: dict[str, Any]) -> Any:
    return client.post(f"/admin/budgets/{kind}/add/", typed)


def sentences(answer: Any) -> str:
    """What stands on a form that came back."""
    assert answer.status_code == 200
    return " ".join(str(each) for errors in answer.context["adminform"].form.errors.values() for each in errors)


def stated() -> tuple[int, ...]:
    """How many statements and records of them there are."""
    records = AuditRecord.objects.filter(verb__in=VERBS.values()).count()
    return *(model._default_manager.count() for model in MODELS.values()), records


@pytest.mark.parametrize("kind", VERBS)
def test_who_keeps_the_books_adds_one_and_it_is_recorded(
    keeper: Client, controller: User, typed: dict[str, dict[str, Any]], kind: str
) -> None:
    assert keeper.get(f"/admin/budgets/{kind}/add/").status_code == 200
    answer = add(keeper, kind, typed[kind])
    assert answer.status_code == 302, sentences(answer)
    record = AuditRecord.objects.get(verb=VERBS[kind])
    assert record.actor == controller
    assert sum(stated()) == 2


def test_what_is_kept_is_what_the_service_makes_of_it(
    keeper: Client, controller: User, small_budget: SmallBudget, typed: dict[str, dict[str, Any]]
) -> None:
    for kind, said in typed.items():
        assert add(keeper, kind, said).status_code == 302
    rate, rules, carry = ExchangeRate.objects.get(), RuleSet.objects.get(), CarryRule.objects.get()
    assert (rate.currency, rate.rate, rate.valid_on, rate.stated_by) == ("EUR", Decimal("1.0842"), date(2026, 1, 1), controller)
    assert (rules.code, rules.number, rules.document["pools"][0]["direct"]) == ("monthly", 1, "PRODUCT")
    kept = (carry.cost_centre.code, carry.number, carry.starts_on, carry.share_pct, carry.amount, carry.stated_by)
    assert kept == ("PLATFORM", 1, date(2026, 3, 1), Decimal(40), None, controller)
    assert carry.entity == small_budget.entity


@pytest.mark.parametrize(
    ("kind", "wrong", "sentence"),
    [
        ("exchangerate", {"currency": "USD"}, "Acme keeps its books in USD. State a rate for another currency."),
        ("exchangerate", {"currency": "E1R"}, "is not a currency."),
        ("exchangerate", {"rate": "0"}, "A rate is a number above zero, with ten decimals at most."),
        ("exchangerate", {"rate": "NaN"}, "Enter a number."),
        ("dayrate", {"rate": "0"}, "The amount is zero"),
        ("dayrate", {"currency": "XYZ"}, "a currency is three letters"),
        ("dayrate", {"role": "two words"}, "a role is a short name"),
        ("ruleset", {"text": RULES.replace("PRODUCT", "NOWHERE")}, "there is no cost centre NOWHERE"),
        ("ruleset", {"text": "pools: ["}, "YAML"),
        ("carryrule", {"kind": "all"}, "State the share with a share, and with nothing else."),
        ("carryrule", {"share_pct": "140"}, "State a share from 0 to 100 per cent, with two decimals at most."),
        ("carryrule", {"kind": "amount", "share_pct": "", "amount": "5"}, "State the amount's currency"),
        ("carryrule", {"share_pct": "NaN"}, "Enter a number."),
        ("carryrule", {"starts_on": "March"}, "Write the month as year and month, such as 2026-11."),
    ],
)
def test_what_cannot_hold_comes_back_with_the_reason_and_nothing_is_kept(
    keeper: Client, typed: dict[str, dict[str, Any]], kind: str, wrong: dict[str, str], sentence: str
) -> None:
    before = stated()
    answer = add(keeper, kind, typed[kind] | wrong)
    assert sentence in sentences(answer)
    name, value = next(iter(wrong.items()))
    assert answer.context["adminform"].form[name].value() == value
    assert stated() == before


def test_the_reason_stands_beside_the_field_that_it_is_about(keeper: Client, typed: dict[str, dict[str, Any]]) -> None:
    answer = add(keeper, "carryrule", typed["carryrule"] | {"share_pct": "140"})
    assert list(answer.context["adminform"].form.errors) == ["share_pct"]
    answer = add(keeper, "exchangerate", typed["exchangerate"] | {"source": "\t"})
    assert list(answer.context["adminform"].form.errors) == ["source"]


def test_a_statement_before_the_last_and_the_same_again_are_told_so(
    keeper: Client, controller: User, small_budget: SmallBudget, typed: dict[str, dict[str, Any]]
) -> None:
    centre = small_budget.cost_centres["PLATFORM"]
    state_carry_rule(cost_centre=centre, starts_on=date(2026, 6, 1), terms=CarryTerms("nothing"), actor=controller)
    assert "has a statement from June 2026 on." in sentences(add(keeper, "carryrule", typed["carryrule"]))
    assert add(keeper, "ruleset", typed["ruleset"]).status_code == 302
    before = stated()
    again = {"cost_centre": centre.pk, "starts_on": "2026-06", "kind": "nothing"}
    for kind, said in (("carryrule", again), ("ruleset", typed["ruleset"])):
        assert "This is just what was stated last" in sentences(add(keeper, kind, said))
    assert stated() == before


@pytest.mark.parametrize("kind", VERBS)
def test_what_is_stated_can_be_looked_at_and_neither_changed_nor_deleted(
    keeper: Client, typed: dict[str, dict[str, Any]], kind: str
) -> None:
    assert add(keeper, kind, typed[kind]).status_code == 302
    model = MODELS[kind]
    row = model._default_manager.get()
    kept = model._default_manager.values().get()
    page = keeper.get(f"/admin/budgets/{kind}/{row.pk}/change/")
    assert page.status_code == 200
    html = page.content.decode()
    assert 'name="_save"' not in html
    assert "deletelink" not in html
    for path, body in ((f"{row.pk}/change", typed[kind] | {"source": "Other"}), (f"{row.pk}/delete", {"post": "yes"})):
        assert keeper.post(f"/admin/budgets/{kind}/{path}/", body).status_code == 403
    assert keeper.post(f"/admin/budgets/{kind}/", {"action": "delete_selected", "_selected_action": row.pk}).status_code in {
        200,
        302,
    }
    assert model._default_manager.values().get() == kept


def test_they_are_listed_searched_and_filtered(keeper: Client, controller: User, small_budget: SmallBudget) -> None:
    for currency, source in (("EUR", "Central bank"), ("JPY", "House bank")):
        state_rate(
            entity=small_budget.entity,
            currency=currency,
            valid_on=date(2026, 1, 1),
            rate=Decimal(2),
            source=source,
            actor=controller,
        )
    for code, kind in (("PLATFORM", "nothing"), ("PRODUCT", "all")):
        centre = CostCentre.objects.get(entity=small_budget.entity, code=code)
        state_carry_rule(cost_centre=centre, starts_on=date(2026, 1, 1), terms=CarryTerms(kind), actor=controller)

    def found(query: str) -> int:
        answer = keeper.get(f"/admin/budgets/{query}")
        assert answer.status_code == 200
        return int(answer.context["cl"].result_count)

    asked = [
        "exchangerate/",
        "exchangerate/?q=house",
        "exchangerate/?currency=EUR",
        "carryrule/?q=PRODUCT",
        "carryrule/?kind=all",
    ]
    assert [found(query) for query in asked] == [2, 1, 1, 1, 1]
    assert [found("ruleset/"), found("ruleset/?q=none")] == [0, 0]


@pytest.mark.parametrize("kind", VERBS)
@pytest.mark.parametrize("who", ["administrator", "auditor"])
def test_who_sets_up_or_audits_looks_and_states_nothing(
    client: Client, request: pytest.FixtureRequest, typed: dict[str, dict[str, Any]], kind: str, who: str
) -> None:
    marked(client, request.getfixturevalue(who))
    assert client.get(f"/admin/budgets/{kind}/").status_code == 200
    assert client.get(f"/admin/budgets/{kind}/add/").status_code == 403
    assert add(client, kind, typed[kind]).status_code == 403
    assert sum(stated()) == 0


def test_nobody_states_for_an_organization_whose_books_others_keep(
    keeper: Client, controller: User, outsider: User, typed: dict[str, dict[str, Any]]
) -> None:
    theirs = Entity.objects.get(code="elsewhere")
    assign(controller, "auditor", theirs, kind="auditor")
    centre = CostCentre.objects.create(entity=theirs, code="FAR", name="Far", kind="team", path="/FAR/")
    of_theirs = {kind: {"entity": theirs.pk} for kind in ("exchangerate", "dayrate", "ruleset")}
    far = of_theirs | {"carryrule": {"cost_centre": centre.pk}}
    for kind, other in far.items():
        assert "Select a valid choice" in sentences(add(keeper, kind, typed[kind] | other))
    assert sum(stated()) == 0
