"""Controls on their pages: who sees and who states them, how they stand, what is refused, and that nothing typed is lost."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from budgets.models import Control, CostCentre
from budgets.selectors.check import check_ledger
from budgets.selectors.controls import control_rows, stand_rows
from budgets.services.accounts import ensure_account
from budgets.services.controls import Node, Terms, set_control
from budgets.services.rates import state_rate
from core.models import AuditRecord, Entity, User
from tests.factories.budgets import JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, allot, move
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

LIST, NEW = "/budgets/SMALL/controls/", "/budgets/SMALL/controls/new/"
ALL, NEW_ALL = "/budgets/controls/?entity=acme", "/budgets/controls/acme/new/"


@pytest.fixture
def finance(client: Client, controller: User, small_budget: SmallBudget) -> Client:
    client.force_login(controller)
    return client


def shown(client: Client, path: str, user: User | None = None) -> str:
    if user is not None:
        client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def typed(small: SmallBudget, **changes: Any) -> dict[str, Any]:
    """What a person types who limits software to 1,500.00 a month."""
    fields = {
        "over": "budget",
        "line": "",
        "category": small.categories["software"].pk,
        "cost_centre": "",
        "mode": "stop",
        "period": "month",
        "own_limit": "2,500.00",
        "tolerance": "0",
        "then": "look",
    }
    return fields | changes


def token(html: str) -> str:
    found = re.search(r'name="shown" value="([^"]+)"', html)
    assert found, html
    return found.group(1)


def set_as_shown(client: Client, path: str, fields: dict[str, Any], **more: Any) -> Any:
    html = client.post(path, fields | {"then": "look"}).content.decode()
    return client.post(path, fields | {"then": "set", "shown": token(html)} | more)


def stated() -> list[tuple[str, str, Decimal | None]]:
    rows = Control.objects.exclude(origin="version").order_by("pk")
    return list(rows.values_list("mode", "window", "own_limit"))


def test_who_reads_figures_reads_the_controls_and_an_outsider_does_not(
    client: Client, small_budget: SmallBudget, controller: User, auditor: User, executive: User, outsider: User
) -> None:
    control = Control.objects.get(budget=small_budget.budget, account=None, category__code="software")
    one = f"/budgets/controls/{control.pk}/"
    for reader in (controller, auditor, executive):
        assert "10\u00a0controls" in shown(client, LIST, reader)
        assert "Controls over all budgets of Acme" in shown(client, ALL)
        assert "Software (Small budget)" in shown(client, one)
    client.force_login(outsider)
    for path in (LIST, ALL, one):
        assert client.get(path).status_code == 404
    client.force_login(UserFactory.create())
    for path in (LIST, ALL, one, NEW):
        assert client.get(path).status_code == 403


def test_a_role_over_one_cost_centre_sees_the_controls_of_its_part(
    client: Client, small_budget: SmallBudget, entity: Entity
) -> None:
    lead = UserFactory.create()
    assign(lead, "tech_lead", entity, cost_centre=small_budget.cost_centres["PLATFORM"])
    html = shown(client, LIST, lead)
    assert "3\u00a0controls" in html
    assert "budget as a whole" not in html
    whole = Control.objects.get(budget=small_budget.budget, account=None, category=None)
    assert client.get(f"/budgets/controls/{whole.pk}/").status_code == 404


def test_only_finance_states_changes_and_removes(
    client: Client, small_budget: SmallBudget, requester: User, auditor: User, executive: User, outsider: User
) -> None:
    control = Control.objects.get(budget=small_budget.budget, account=None, category__code="software")
    paths = [NEW, NEW_ALL, f"/budgets/controls/{control.pk}/change/", f"/budgets/controls/{control.pk}/remove/"]
    for user, status in ((requester, 403), (auditor, 403), (executive, 403), (outsider, 404)):
        client.force_login(user)
        for path in paths:
            assert client.post(path, typed(small_budget, then="set")).status_code == status, (user, path)
    client.force_login(auditor)
    assert "Set a control" not in client.get(LIST).content.decode()
    assert "Change it" not in client.get(f"/budgets/controls/{control.pk}/").content.decode()
    assert stated() == []
    assert not AuditRecord.objects.filter(verb__startswith="control.").exists()


def test_finance_of_a_part_states_controls_in_that_part_only(client: Client, small_budget: SmallBudget, entity: Entity) -> None:
    keeper = UserFactory.create()
    assign(keeper, "team_finance", entity, kind="finance", cost_centre=small_budget.parent)
    client.force_login(keeper)
    assert "Set a control" in client.get(LIST).content.decode()
    assert client.get(NEW_ALL).status_code == 404
    beyond = CostCentreFactory.create(entity=entity)
    assert str(beyond) not in client.get(NEW).content.decode()
    answer = client.post(NEW, typed(small_budget, cost_centre=beyond.pk))
    assert answer.status_code == 422
    answer = client.post(NEW, typed(small_budget, over="all"))
    assert answer.status_code == 422
    assert stated() == []


def test_it_is_shown_first_and_set_as_shown(finance: Client, small_budget: SmallBudget) -> None:
    move(small_budget.account, "reserved", "700.00")
    html = finance.post(NEW, typed(small_budget)).content.decode()
    assert "How Software (Small budget) would stand, USD" in html
    for figure in ("2,500.00", "700.00", "1,800.00"):
        assert f">{figure}</dd>" in html
    assert stated() == []
    answer = set_as_shown(finance, NEW, typed(small_budget))
    control = Control.objects.get(origin="person")
    assert answer["Location"] == f"/budgets/controls/{control.pk}/"
    assert (control.mode, control.window, control.own_limit) == ("stop", "month", Decimal("2500.00"))
    html = shown(finance, f"/budgets/controls/{control.pk}/")
    assert "its own: 2,500.00 USD" in html
    assert "Set by Finance" in html
    assert check_ledger().is_whole


@pytest.mark.parametrize(
    "change", [{"own_limit": "2,400.00"}, {"mode": "warn"}, {"period": "year"}, {"tolerance": "5"}, {"shown": "x"}]
)
def test_what_was_not_shown_is_not_set(finance: Client, small_budget: SmallBudget, change: dict[str, str]) -> None:
    html = finance.post(NEW, typed(small_budget)).content.decode()
    answer = finance.post(NEW, typed(small_budget, then="set", shown=token(html)) | change)
    assert answer.status_code == 422
    assert "Look at how it would stand now" in answer.content.decode()
    assert stated() == []


def test_two_people_at_once_the_second_looks_again(finance: Client, small_budget: SmallBudget, controller: User) -> None:
    fields = typed(small_budget)
    html = finance.post(NEW, fields).content.decode()
    node = Node(budget=small_budget.budget, category=small_budget.categories["software"])
    other = set_control(entity=small_budget.entity, node=node, terms=Terms("warn", "month"), actor=controller)
    answer = finance.post(NEW, fields | {"then": "set", "shown": token(html)})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody changed this control after you looked." in page
    assert "It has a control over these windows:" in page
    assert 'value="2,500.00"' in page
    other.refresh_from_db()
    assert (other.mode, other.own_limit) == ("warn", None)
    answer = finance.post(NEW, fields | {"then": "set", "shown": token(page)})
    other.refresh_from_db()
    assert (answer.status_code, other.mode, other.own_limit) == (302, "stop", Decimal("2500.00"))


def test_a_limit_below_what_it_covers_is_set_only_with_a_reason(finance: Client, small_budget: SmallBudget) -> None:
    fields = typed(small_budget, own_limit="1,500.00")
    html = finance.post(NEW, fields).content.decode()
    assert "The limit is below what it covers." in html
    assert "Set it all the same" in html
    answer = finance.post(NEW, fields | {"then": "set", "shown": token(html)})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Software (Small budget) cannot be limited to 1,500.00 in January 2026: 2,000.00 is allotted under it." in page
    answer = finance.post(NEW, fields | {"then": "force", "shown": token(page), "reason": " "})
    assert answer.status_code == 422
    assert "needs its reason" in answer.content.decode()
    assert stated() == []
    answer = finance.post(NEW, fields | {"then": "force", "shown": token(page), "reason": "Hiring freeze"})
    assert answer.status_code == 302
    assert stated() == [("stop", "month", Decimal("1500.00"))]
    control = Control.objects.get(origin="person")
    assert "set all the same: Hiring freeze" in shown(finance, f"/budgets/controls/{control.pk}/")
    assert check_ledger().is_whole


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"own_limit": "a lot"}, "is not an amount"),
        ({"own_limit": "-5"}, "The amount is negative."),
        ({"own_limit": "1e9"}, "is not an amount"),
        ({"own_limit": "1.001"}, "more decimals than USD has"),
        ({"tolerance": "NaN"}, "is not an amount"),
        ({"tolerance": "1001"}, "1,000 % at most"),
        ({"tolerance": ""}, "This field is required."),
        ({"mode": "explode"}, "Select a valid choice."),
        ({"period": "decade"}, "Select a valid choice."),
        ({"category": "0"}, "Select a valid choice."),
        ({"cost_centre": "x"}, "Select a valid choice."),
        ({"over": "elsewhere"}, "Select a valid choice."),
    ],
)
def test_bad_input_is_said_beside_its_field_and_kept(
    finance: Client, small_budget: SmallBudget, change: dict[str, str], words: str
) -> None:
    answer = finance.post(NEW, typed(small_budget, own_limit="777.00") | change)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    for name in ("own_limit", "tolerance"):
        kept = (typed(small_budget, own_limit="777.00") | change)[name]
        assert not kept or f'value="{kept}"' in page
    assert stated() == []


def test_a_line_is_a_node_by_itself(finance: Client, small_budget: SmallBudget) -> None:
    line = small_budget.account.pk
    assert "A line is a node by itself." in finance.post(NEW, typed(small_budget, line=line)).content.decode()
    answer = finance.post(NEW, typed(small_budget, line=line, category="", over="all"))
    assert "A line is a node by itself." in answer.content.decode()
    fields = typed(small_budget, line=line, category="", own_limit="1,000.00", tolerance="2.5")
    assert set_as_shown(finance, NEW, fields).status_code == 302
    control = Control.objects.get(origin="person")
    assert (control.account_id, control.tolerance) == (line, Decimal("0.0250"))
    assert "2.5\u00a0% over passes" in shown(finance, LIST)


def test_a_line_of_another_budget_is_not_offered(finance: Client, small_budget: SmallBudget, entity: Entity) -> None:
    other = BudgetFactory.create(entity=entity, code="OTHER", cost_centre=small_budget.parent)
    answer = finance.post("/budgets/OTHER/controls/new/", typed(small_budget, line=small_budget.account.pk, category=""))
    assert other.code == "OTHER"
    assert answer.status_code == 422
    assert "Select a valid choice." in answer.content.decode()


def test_over_all_budgets_of_the_organization(finance: Client, small_budget: SmallBudget) -> None:
    fields = typed(
        small_budget, over="all", category="", cost_centre=small_budget.cost_centres["PLATFORM"].pk, own_limit="3,000.00"
    )
    assert set_as_shown(finance, NEW_ALL, fields).status_code == 302
    control = Control.objects.get(origin="person")
    assert (control.budget_id, control.name) == (None, "Platform (Acme)")
    html = shown(finance, ALL)
    assert "1\u00a0control" in html
    assert "3,000.00" in html
    assert "covers all its budgets, this one too." in re.sub(r"\s+", " ", shown(finance, LIST))


def test_where_there_is_one_place_it_need_not_be_named(finance: Client, small_budget: SmallBudget) -> None:
    fields = typed(small_budget, category="", mode="warn", own_limit="3,000.00")
    del fields["over"]
    assert set_as_shown(finance, NEW_ALL, fields).status_code == 302
    assert Control.objects.get(origin="person").budget is None


def test_a_version_s_control_is_changed_and_put_back(finance: Client, small_budget: SmallBudget) -> None:
    control = Control.objects.get(budget=small_budget.budget, account=None, category__code="software")
    one = f"/budgets/controls/{control.pk}/"
    assert "Back to the version" not in shown(finance, one)
    fields = {"mode": "track", "own_limit": "", "tolerance": "10"}
    assert set_as_shown(finance, f"{one}change/", fields).status_code == 302
    html = shown(finance, one)
    assert "10\u00a0% over passes" in html
    seen = re.search(r'name="seen" value="([^"]+)"', html)
    assert seen
    finance.post(f"{one}remove/", {"seen": "stop 0.0000 roll-up"})
    control.refresh_from_db()
    assert control.mode == "track"
    answer = finance.post(f"{one}remove/", {"seen": seen.group(1)}, follow=True)
    assert "does again what the budget&#x27;s version states" in answer.content.decode()
    control.refresh_from_db()
    assert (control.mode, control.tolerance, control.origin) == ("stop", Decimal(0), "version")
    again = finance.post(f"{one}remove/", {"seen": "stop 0.0000 roll-up"}, follow=True)
    assert "The budget&#x27;s version states this control." in again.content.decode()


def test_a_person_s_control_is_removed_once(finance: Client, small_budget: SmallBudget) -> None:
    set_as_shown(finance, NEW, typed(small_budget))
    one = f"/budgets/controls/{Control.objects.get(origin='person').pk}/"
    for status in (302, 404):
        assert finance.post(f"{one}remove/", {"seen": "stop 0.0000 2500.00"}).status_code == status
    assert stated() == []
    assert finance.get(one).status_code == 404


def test_the_form_of_a_control_opens_with_its_terms(finance: Client, small_budget: SmallBudget) -> None:
    set_as_shown(finance, NEW, typed(small_budget, tolerance="12.5"))
    control = Control.objects.get(origin="person")
    html = shown(finance, f"/budgets/controls/{control.pk}/change/")
    assert 'value="2,500.00"' in html
    assert 'value="12.5"' in html
    assert "Limit of its own, USD" in html


def test_the_list_is_filtered_and_says_what_is_excused(finance: Client, small_budget: SmallBudget) -> None:
    move(small_budget.account, "spent", "13000.00", is_fact=True)
    html = shown(finance, LIST)
    assert "\u22121,000.00" in html
    assert 'data-label="Excused"><span>1,000.00' in html
    assert "6\u00a0controls of those chosen" in shown(finance, f"{LIST}?kind=line")
    assert "No control matches." in shown(finance, f"{LIST}?kind=line&mode=warn")
    for query in ("kind=odd", "mode=%00", "page=-1", "page=x"):
        assert "Controls of Small budget" in shown(finance, f"{LIST}?{query}")


def test_what_warns_stands_as_a_stop_would(small_budget: SmallBudget, controller: User, entity: Entity) -> None:
    """A control without counters is added up from balances, and comes to what the same node's counters say."""
    move(small_budget.account, "spent", "700.00")
    move(small_budget.account, "reserved", "40.00", month=date(2026, 3, 1))
    for window in ("month", "quarter", "ytd", "year", "life"):
        stands = {}
        for mode in ("stop", "warn"):
            node = Node(cost_centre=small_budget.cost_centres["PLATFORM"])
            terms = Terms(mode, window, own_limit=Decimal(90000), tolerance=Decimal("0.1"))
            control = set_control(entity=entity, node=node, terms=terms, actor=controller)
            stands[mode] = stand_rows(control)
        assert stands["stop"] == stands["warn"] != []


def test_a_control_over_several_currencies_is_pooled_at_the_entries_rates(
    finance: Client, small_budget: SmallBudget, entity: Entity, controller: User
) -> None:
    state_rate(entity=entity, currency="EUR", valid_on=JANUARY, rate=Decimal("1.1"), source="Bank", actor=None)
    team = small_budget.cost_centres["PLATFORM"]
    abroad = BudgetFactory.create(entity=entity, code="ABROAD", currency="EUR", cost_centre=small_budget.parent)
    account = ensure_account(budget=abroad, cost_centre=team, category=CategoryFactory.create(entity=entity))
    allot(account, 100)
    move(account, "reserved", 10)
    control = set_control(entity=entity, node=Node(cost_centre=team), terms=Terms("warn", "life"), actor=controller)
    row = control_rows([control])[0]
    assert row.stand is not None
    assert (row.stand.cap, row.stand.held) == (Decimal("36110.00"), Decimal("11.00"))
    html = finance.post(NEW_ALL, typed(small_budget, over="all", category="", cost_centre=team.pk, period="life", own_limit=""))
    assert "36,110.00" in html.content.decode()


@pytest.mark.parametrize(("path", "most"), [(LIST, 16), (ALL, 14), (NEW, 14), (NEW_ALL, 14)])
def test_a_page_asks_the_database_a_bounded_number_of_times(
    finance: Client,
    small_budget: SmallBudget,
    controller: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    path: str,
    most: int,
) -> None:
    for centre in CostCentre.objects.all():
        for window in ("month", "year"):
            terms = Terms("warn" if window == "year" else "stop", window)
            set_control(entity=small_budget.entity, node=Node(cost_centre=centre), terms=terms, actor=controller)
    finance.get(path)
    with django_assert_max_num_queries(most):
        finance.get(path)
