"""Tags on pages and for programs: the month's figures, what lacks tags, keys, rules and the target."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from budgets.models import SpendTag, TagKey, TagRule, TagTarget
from budgets.services.spend_tags import ItemData, note_spend
from core.models import User
from tests.factories.budgets import JANUARY, move
from tests.fixtures.budgets import SmallBudget

TAGS = "/budgets/tags/"
LACKING = f"{TAGS}lacking/?entity=acme&month=2026-01"
KEY = {"name": "Team", "starts_on": "2026-01", "allows": "list", "values": "api\ndata\n", "is_mandatory": "on"}
RULE = {"name": "Clouds", "starts_on": "2026-01", "position": "10", "service": "Cloud*", "sets": "Team=api"}


@pytest.fixture
def finance(client: Client, small_budget: SmallBudget, controller: User) -> Client:
    client.force_login(controller)
    return client


@pytest.fixture
def spent(small_budget: SmallBudget) -> None:
    for thread, service, amount in (("t:1", "Cloud hosting", "90"), ("t:2", "Paper", "7"), ("t:3", "=1+1 Pens", "3")):
        item = ItemData(thread, small_budget.account.pk, JANUARY, "ledger", "Acme Cloud", service)
        note_spend(entity=small_budget.entity, items=[item])
        move(small_budget.account, "spent", amount, thread=thread, is_fact=True)


def state(finance: Client) -> None:
    for what, said in (("keys", KEY), ("rules", RULE), ("target", {"percent": "95", "starts_on": "2026-01"})):
        assert finance.post(f"{TAGS}acme/{what}/state/", said).status_code == 302


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.usefixtures("spent")
def test_from_no_key_to_a_month_that_meets_its_target(finance: Client) -> None:
    assert "No tag is mandatory in this month" in text(finance.get(f"{TAGS}?month=2026-01"))
    state(finance)
    page = text(finance.get(f"{TAGS}?month=2026-01"))
    assert "0.0\u00a0%" in page
    assert "below" in page

    applied = text(finance.post(f"{TAGS}acme/apply/", {"month": "2026-01"}, follow=True))
    assert "The rules set 1 tag." in applied
    assert "90.0\u00a0%" in applied
    assert "the target of 95 %" in applied

    lacking = text(finance.get(LACKING))
    assert "Paper" in lacking
    assert "Cloud hosting" not in lacking
    said = {"month": "2026-01", "rows": ["t:2", "t:3"], "key": "team", "value": "data", "reason": "Bought by them."}
    assert "2 tags are set." in text(finance.post(f"{TAGS}acme/set/", said, follow=True))
    assert "meets" in text(finance.get(f"{TAGS}?month=2026-01"))
    history = text(finance.get(f"{TAGS}items/{SpendTag.objects.filter(origin='person').earliest('pk').item_id}/"))
    assert "Bought by them." in history
    assert "by the rule Clouds, statement 1" in text(finance.get(f"{TAGS}items/{SpendTag.objects.get(origin='rule').item_id}/"))


@pytest.mark.usefixtures("spent")
def test_what_was_typed_and_chosen_stays_where_a_tag_is_not_allowed(finance: Client) -> None:
    state(finance)
    said = {"month": "2026-01", "rows": ["t:2"], "key": "team", "value": "moon", "reason": "Bought by them."}
    answer = finance.post(f"{TAGS}acme/set/?entity=acme&month=2026-01&key=team", said)

    assert answer.status_code == 422
    page = text(answer)
    assert "Team is api or data; “moon” is not." in page
    assert 'value="moon"' in page
    assert 'value="Bought by them."' in page
    assert 'value="t:2" checked' in page
    assert 'value="t:3" checked' not in page
    assert "Choose the spend that is meant." in text(finance.post(f"{TAGS}acme/set/", said | {"rows": [], "value": "api"}))
    assert "Say why" in text(finance.post(f"{TAGS}acme/set/", said | {"reason": ""}))
    assert SpendTag.objects.count() == 0


@pytest.mark.parametrize(
    ("what", "said", "words"),
    [
        ("keys", KEY | {"values": ""}, "Write the values that are allowed."),
        ("keys", KEY | {"name": "no key"}, "a letter comes first"),
        ("keys", KEY | {"starts_on": "soon"}, "Write the month as year and month"),
        ("rules", RULE | {"sets": "Team"}, "Write each tag as Name=value"),
        ("rules", RULE | {"sets": "Team=moon"}, "Team is api or data"),
        ("rules", RULE | {"service": ""}, "Say what the rule looks for"),
        ("target", {"percent": "101", "starts_on": "2026-01"}, "less than or equal to 100"),
        ("target", {"percent": "", "starts_on": "2026-01"}, "State the target."),
    ],
)
def test_a_statement_that_cannot_hold_is_refused_and_stays_typed(
    finance: Client, what: str, said: dict[str, str], words: str
) -> None:
    finance.post(f"{TAGS}acme/keys/state/", KEY)
    before = TagKey.objects.count(), TagRule.objects.count(), TagTarget.objects.count()
    answer = finance.post(f"{TAGS}acme/{what}/state/", said)

    assert answer.status_code == 422
    assert words in text(answer)
    assert all(f'value="{value}"' in text(answer) for name, value in said.items() if name == "name" and value)
    assert (TagKey.objects.count(), TagRule.objects.count(), TagTarget.objects.count()) == before


def test_a_statement_before_the_last_one_is_told_so(finance: Client) -> None:
    state(finance)
    assert "There is a statement from January 2026 on." in text(
        finance.post(f"{TAGS}acme/keys/state/", KEY | {"starts_on": "2025-06", "values": "api"})
    )
    late = finance.post(f"{TAGS}acme/target/state/", {"percent": "90", "starts_on": "2025-06"})
    assert late.status_code == 409


@pytest.mark.usefixtures("spent")
def test_a_rule_is_made_of_spend_and_a_key_is_begun_with_what_holds(finance: Client) -> None:
    state(finance)
    page = text(finance.get(f"{TAGS}acme/rules/state/?month=2026-01&service=Paper&vendor=Acme&key=team"))
    assert 'value="Paper"' in page
    assert "team=" in page
    assert "api\ndata" in text(finance.get(f"{TAGS}acme/keys/state/?name=team"))
    assert 'value="Cloud*"' in text(finance.get(f"{TAGS}acme/rules/state/?code=clouds"))
    terms = text(finance.get(f"{TAGS}terms/"))
    assert "95 % of the amount" in terms
    assert "Clouds" in terms


@pytest.mark.usefixtures("spent")
def test_the_figures_and_what_lacks_tags_as_csv(finance: Client) -> None:
    state(finance)
    finance.post(f"{TAGS}acme/apply/", {"month": "2026-01"})
    figures = text(finance.get(f"{TAGS}compliance.csv?month=2026-01"))
    assert "All mandatory tags,2026-01,3,1,100.00,90.00,90.0,95.00" in figures
    lacking = text(finance.get(f"{TAGS}lacking.csv?month=2026-01"))
    assert "Acme Cloud,'=1+1 Pens" in lacking
    assert "Cloud hosting" not in lacking


@pytest.mark.usefixtures("spent")
def test_auditors_look_and_set_nothing(client: Client, auditor: User, small_budget: SmallBudget) -> None:
    client.force_login(auditor)
    assert client.get(LACKING).status_code == 200
    assert "State it" not in text(client.get(f"{TAGS}terms/"))
    for what in ("set", "apply", "keys/state", "rules/state", "target/state"):
        assert client.post(f"{TAGS}acme/{what}/", KEY).status_code == 403


@pytest.mark.usefixtures("spent")
def test_programs_state_set_and_measure(api: Callable[..., Any], controller: User) -> None:
    program = api(controller)
    key = {
        "entity": "acme",
        "name": "Team",
        "starts_on": "2026-01",
        "allows": "list",
        "values": ["api", "data"],
        "is_mandatory": True,
    }
    stated = program.post("tag-keys", key)
    assert stated.status_code == 201
    assert program.post("tag-keys", key).json()["id"] == stated.json()["id"]
    assert program.post("tag-keys", key | {"values": []}).json()["errors"][0]["field"] == "values"
    rule = {"entity": "acme", "name": "Clouds", "starts_on": "2026-01", "service": "Cloud*", "sets": {"Team": "api"}}
    assert program.post("tag-rules", rule).status_code == 201
    assert program.post("tag-rules", rule | {"category": "moon"}).json()["errors"][0]["field"] == "category"
    assert program.post("spend-tags/target", {"entity": "acme", "percent": "95", "starts_on": "2026-01"}).status_code == 201
    month = {"entity": "acme", "month": "2026-01"}
    assert program.post("spend-tags/apply", month).json() == {"set": 1}

    found = program.get("spend-tags/compliance?entity=acme&month=2026-01").json()
    assert (found["whole"]["amount_pct"], found["target"], found["meets"]) == ("90", "95", False)
    lacking = program.get("spend-tags/lacking?entity=acme&month=2026-01").json()
    assert (lacking["count"], lacking["rows"][0]["lacks"]) == (2, {"Team": ""})
    said = month | {"threads": ["t:2", "t:3"], "tags": {"team": "data"}, "reason": "Theirs."}
    assert program.post("spend-tags", said | {"tags": {"team": "moon"}}).status_code == 400
    assert program.post("spend-tags?dry_run=true", said).json()["set"] == 2
    assert program.post("spend-tags", said).json() == {"set": 2}
    assert program.get("spend-tags?thread=t:2").json()["results"][0]["tags"] == {"team": "data"}
    assert program.get("spend-tags/compliance?entity=acme&month=2026-01").json()["meets"] is True


def test_the_admin_states_through_the_service(client: Client, administrator: User, small_budget: SmallBudget) -> None:
    administrator.is_staff = True
    administrator.save()
    client.force_login(administrator)
    said = {"entity": small_budget.entity.pk, "name": "Team", "starts_on": "2026-01-01", "allows": "list", "values": '["api"]'}
    assert client.post("/admin/budgets/tagkey/add/", said | {"is_mandatory": "on"}).status_code == 302
    assert TagKey.objects.get().stated_by == administrator
    rule = {
        "entity": small_budget.entity.pk,
        "code": "all",
        "name": "All",
        "position": 1,
        "starts_on": "2026-01-01",
        "service": "*",
    }
    answer = client.post("/admin/budgets/tagrule/add/", rule | {"sets": '{"team": "api"}'})
    assert answer.status_code == 302, text(answer)
    assert TagRule.objects.get().starts_on == date(2026, 1, 1)
    wrong = client.post("/admin/budgets/tagkey/add/", said | {"name": "Other", "values": "[]"})
    assert wrong.status_code in {200, 400, 422}
    assert TagKey.objects.count() == 1
