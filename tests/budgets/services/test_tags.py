"""Tags of spend: stated, set by rules, corrected by people; and what the database holds of it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from budgets.models import Entry, SpendItem, SpendTag, TagKey, TagRule, TagTarget
from budgets.selectors.spend_tags import rows_of, tags_of
from budgets.selectors.tag_compliance import compliance_of, lacking_rows, tagged_pct
from budgets.selectors.tags import keys_held, rules_held, target_held, wrong_tags
from budgets.services.ledger import reverse
from budgets.services.recoding import recode
from budgets.services.spend_tags import ItemData, apply_tag_rules, note_spend, set_spend_tags
from budgets.services.tag_terms import KeyData, RuleData, state_tag_key, state_tag_rule, state_tag_target
from core.errors import InvalidInput, NotFound, WrongState
from core.models import AuditRecord, User
from tests.factories.budgets import JANUARY, CostCentreFactory, move
from tests.fixtures.budgets import SmallBudget

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)


def key(small: SmallBudget, name: str = "Team", *values: str, starts_on: date = JANUARY, **more: Any) -> TagKey:
    said = {"allows": "list" if values else "text", "values": values} | more
    return state_tag_key(entity=small.entity, data=KeyData(name, starts_on, **said), actor=None)


def rule(small: SmallBudget, name: str = "Cloud", starts_on: date = JANUARY, **more: Any) -> TagRule:
    said: dict[str, Any] = {"sets": {"team": "api"}, "service": "cloud*"} | more
    return state_tag_rule(entity=small.entity, data=RuleData(name, starts_on, **said), actor=None)


def spend(small: SmallBudget, thread: str, amount: str, *, month: date = JANUARY, service: str = "", **more: Any) -> None:
    account = more.pop("account", small.account)
    note_spend(entity=small.entity, items=[ItemData(thread, account.pk, month, service=service, **more)])
    move(account, "spent", amount, month=month, thread=thread, is_fact=True)


def borne(thread: str) -> dict[str, str]:
    item = SpendItem.objects.get(thread=thread)
    return tags_of([item.pk]).get(item.pk, {})


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (TagKey, TagRule, TagTarget, SpendItem, SpendTag, AuditRecord))


def test_of_a_key_the_newest_statement_holds_whose_month_has_come(small_budget: SmallBudget) -> None:
    key(small_budget, "Team", "api", "data")
    key(small_budget, "Team", "api", starts_on=MARCH)
    again = key(small_budget, "Team", "api", starts_on=MARCH)

    assert (TagKey.objects.count(), again.number) == (2, 2)
    assert [each.values for each in keys_held(small_budget.entity, FEBRUARY)] == [["api", "data"]]
    assert [each.values for each in keys_held(small_budget.entity, MARCH)] == [["api"]]
    with pytest.raises(WrongState, match="March 2026"):
        key(small_budget, "Team", "x", starts_on=FEBRUARY)
    key(small_budget, "Team", "api", starts_on=date(2026, 6, 1), is_archived=True)
    assert keys_held(small_budget.entity, date(2026, 6, 1)) == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": "Not a key"}, "name"),
        ({"name": "team", "values": ("x",), "allows": "list"}, "name"),
        ({"name": "Owner", "allows": "email", "values": ("@x.com",)}, "values"),
        ({"name": "Owner", "allows": "list", "values": ()}, "values"),
        ({"name": "Owner", "allows": "list", "values": ("a", "A")}, "values"),
        ({"name": "Owner", "allows": "version", "values": ("a",)}, "values"),
        ({"name": "Owner", "allows": "list", "values": ("a",), "pattern": "#"}, "pattern"),
        ({"name": "Owner", "allows": "text", "pattern": "****"}, "pattern"),
        ({"name": "Owner", "allows": "colour"}, "allows"),
    ],
)
def test_a_key_that_cannot_hold_is_refused_by_field(small_budget: SmallBudget, said: dict[str, Any], field: str) -> None:
    key(small_budget, "Team", "api")
    before = counts()
    whole: dict[str, Any] = {"starts_on": JANUARY, "allows": "list"} | said

    with pytest.raises(InvalidInput) as refusal:
        state_tag_key(entity=small_budget.entity, data=KeyData(**whole), actor=None)
    assert field in refusal.value.details
    assert counts() == before


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"sets": {"colour": "red"}}, "sets"),
        ({"sets": {"team": "moon"}}, "sets"),
        ({"sets": {"team": "{moon}"}}, "sets"),
        ({"sets": {}}, "sets"),
        ({"service": ""}, "service"),
        ({"vendor": "*a*b*c*"}, "vendor"),
        ({"name": "…"}, "name"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused_by_field(small_budget: SmallBudget, said: dict[str, Any], field: str) -> None:
    key(small_budget, "Team", "api")
    before = counts()

    with pytest.raises(InvalidInput) as refusal:
        rule(small_budget, **said)
    assert field in refusal.value.details
    assert counts() == before


def test_a_rule_sets_only_what_is_missing_and_is_kept_with_the_tag(small_budget: SmallBudget) -> None:
    key(small_budget, "Team", "api", "data")
    first = rule(small_budget)
    spend(small_budget, "t:1", "10", service="Cloud hosting")
    spend(small_budget, "t:2", "10", service="Cloud hosting", tags={"team": "data", "colour": "red"})
    spend(small_budget, "t:3", "10", service="Paper")

    assert (borne("t:1"), borne("t:2"), borne("t:3")) == ({"team": "api"}, {"team": "data", "colour": "red"}, {})
    kept = SpendTag.objects.get(item__thread="t:1")
    assert (kept.origin, kept.rule) == ("rule", first)
    assert {tag.origin for tag in SpendTag.objects.filter(item__thread="t:2")} == {"stated"}


def test_rules_that_come_later_are_applied_to_what_is_here(small_budget: SmallBudget, controller: User) -> None:
    key(small_budget, "Team", "api", "data")
    spend(small_budget, "t:1", "10", service="Cloud hosting")
    move(small_budget.account, "spent", 5, is_fact=True, thread="t:2")
    rule(small_budget, service="*")

    assert apply_tag_rules(entity=small_budget.entity, month=JANUARY, actor=controller) == 2
    assert borne("t:1") == borne("t:2") == {"team": "api"}
    assert apply_tag_rules(entity=small_budget.entity, month=JANUARY, actor=controller) == 0
    rule(small_budget, service="*", is_off=True, starts_on=FEBRUARY)
    assert rules_held(small_budget.entity, FEBRUARY) == []


def test_a_correction_is_a_new_row_with_its_reason_and_a_rule_never_speaks_after_it(
    small_budget: SmallBudget, controller: User
) -> None:
    key(small_budget, "Team", "api", "data")
    rule(small_budget)
    spend(small_budget, "t:1", "10", service="Cloud hosting")
    said: dict[str, Any] = {"entity": small_budget.entity, "month": JANUARY, "refs": ["t:1"], "actor": controller}

    made = set_spend_tags(**said, tags={"Team": "data"}, reason="Moved in January.")
    assert [(tag.value, tag.reason, tag.set_by) for tag in made] == [("data", "Moved in January.", controller)]
    assert borne("t:1") == {"team": "data"}
    assert set_spend_tags(**said, tags={"team": "data"}, reason="Again.") == []
    set_spend_tags(**said, tags={"team": ""}, reason="It is nobody's.")
    assert borne("t:1") == {}
    assert apply_tag_rules(entity=small_budget.entity, month=JANUARY, actor=controller) == 0
    assert [tag.value for tag in SpendTag.objects.order_by("pk")] == ["api", "data", ""]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"tags": {"team": "moon"}}, "value"),
        ({"tags": {"colour": "red"}}, "key"),
        ({"tags": {}}, "key"),
        ({"refs": []}, "rows"),
        ({"reason": " "}, "reason"),
        ({"refs": [str(n) for n in range(501)]}, "rows"),
    ],
)
def test_a_tag_that_is_not_allowed_is_not_set(
    small_budget: SmallBudget, controller: User, more: dict[str, Any], field: str
) -> None:
    key(small_budget, "Team", "api")
    spend(small_budget, "t:1", "10")
    before = counts()
    said: dict[str, Any] = {"refs": ["t:1"], "tags": {"team": "api"}, "reason": "Why."} | more

    with pytest.raises(InvalidInput) as refusal:
        set_spend_tags(entity=small_budget.entity, month=JANUARY, actor=controller, **said)
    assert field in refusal.value.details
    good: dict[str, Any] = {"refs": ["t:1"], "tags": {"team": "api"}, "reason": "Why."}
    with pytest.raises(NotFound):
        set_spend_tags(entity=small_budget.entity, month=FEBRUARY, actor=controller, **good)
    assert counts() == before


def test_compliance_by_amount_rows_key_cost_centre_and_service(small_budget: SmallBudget) -> None:
    key(small_budget, "Team", "api", "data")
    key(small_budget, "Budget", allows="budget")
    state_tag_target(entity=small_budget.entity, percent=Decimal(95), starts_on=JANUARY, actor=None)
    both = {"team": "API", "budget": "SMALL"}
    other = small_budget.accounts["PRODUCT", "people"]
    spend(small_budget, "t:1", "94", service="Cloud", tags=both)
    spend(small_budget, "t:2", "4", service="Paper", tags={"team": "moon", "budget": "SMALL"}, account=other)
    spend(small_budget, "t:3", "-2", service="Paper", tags={"team": "data"}, account=other)
    spend(small_budget, "t:4", "100", month=FEBRUARY, tags=both)

    found = compliance_of(small_budget.entity, JANUARY)
    assert (found.whole.amount, found.whole.good_amount, found.whole.rows, found.whole.good_rows) == (100, 94, 3, 1)
    assert (found.whole.amount_pct, found.target, found.meets) == (94, 95, False)
    by_key = {each.key.code: (each.share.good_amount, each.wrong_amount) for each in found.keys}
    assert by_key == {"team": (96, 4), "budget": (98, 0)}
    assert {part.code: part.share.amount_pct for part in found.cost_centres} == {"PLATFORM": 100, "PRODUCT": 0}
    assert [(part.name, part.share.missing) for part in found.services] == [("Paper", 6), ("Cloud", 0)]
    gaps = lacking_rows(small_budget.entity, JANUARY)
    assert [(each.row.thread, list(each.gaps)) for each in gaps] == [("t:2", ["Team"]), ("t:3", ["Budget"])]
    assert [each.row.thread for each in lacking_rows(small_budget.entity, JANUARY, key="budget")] == ["t:3"]
    assert lacking_rows(small_budget.entity, JANUARY, cost_centre="PLATFORM") == []
    assert len(lacking_rows(small_budget.entity, JANUARY, words="paper")) == 2
    after = compliance_of(small_budget.entity, FEBRUARY)
    assert [(each.month.month, each.share.amount_pct) for each in after.trend if each.share.rows] == [(1, 94), (2, 100)]
    assert tagged_pct(small_budget.entity, JANUARY, FEBRUARY) == (97, 95)


def test_spend_counts_where_it_lies_now_and_not_at_all_once_taken_back(small_budget: SmallBudget, controller: User) -> None:
    key(small_budget, "Team", "api")
    spend(small_budget, "t:1", "10")
    entry = Entry.objects.get(thread="t:1")
    recode(
        key="moved", entry_ids=[entry.pk], to_account=small_budget.accounts["PRODUCT", "people"], actor=controller, memo="Moved."
    )
    assert [part.code for part in compliance_of(small_budget.entity, JANUARY).cost_centres] == ["PRODUCT"]

    done = move(small_budget.account, "spent", 7, is_fact=True, thread="t:2")
    assert len(rows_of(small_budget.entity, JANUARY, JANUARY)) == 2
    reverse(journal_id=done.id, key="back", actor=controller)
    assert [row.thread for row in rows_of(small_budget.entity, JANUARY, JANUARY)] == ["t:1"]


def test_a_month_is_judged_by_what_held_in_it(small_budget: SmallBudget) -> None:
    spend(small_budget, "t:1", "10")
    key(small_budget, "Team", "api", starts_on=FEBRUARY)

    assert compliance_of(small_budget.entity, JANUARY).keys == []
    assert tagged_pct(small_budget.entity, JANUARY, JANUARY) == (None, None)
    assert target_held(small_budget.entity, JANUARY) is None


def test_tags_of_a_request_are_judged_where_keys_are_stated(small_budget: SmallBudget) -> None:
    entity = small_budget.entity
    assert wrong_tags(entity, {"colour": "red"}, JANUARY) == []
    key(small_budget, "Team", "api", "data")

    assert wrong_tags(entity, {"team": "API"}, JANUARY) == []
    assert wrong_tags(entity, {"colour": "red"}, JANUARY) == [f"{entity.name} has no tag colour; it has Team."]
    assert wrong_tags(entity, {"team": "moon"}, JANUARY) == ["Team is api or data; “moon” is not."]


def test_the_database_keeps_statements_and_words_as_they_are(small_budget: SmallBudget, controller: User) -> None:
    stated = key(small_budget, "Team", "api")
    ruled = rule(small_budget)
    spend(small_budget, "t:1", "10", service="Cloud hosting")
    item, tag = SpendItem.objects.get(), SpendTag.objects.get()
    elsewhere = CostCentreFactory.create()

    def new(row: Any, **more: Any) -> Any:
        row.pk, row._state.adding = None, True
        for name, value in more.items():
            setattr(row, name, value)
        return row

    for change in (
        lambda: TagKey.objects.update(name="Crew"),
        lambda: TagKey.objects.all().delete(),
        lambda: TagRule.objects.update(sets={"team": "x"}),
        lambda: SpendTag.objects.update(value="x"),
        lambda: SpendTag.objects.all().delete(),
        lambda: SpendItem.objects.update(vendor="x"),
        lambda: new(TagKey.objects.get(pk=stated.pk), number=2, name="TEAM").save(),
        lambda: new(TagKey.objects.get(pk=stated.pk), number=5).save(),
        lambda: new(TagKey.objects.get(pk=stated.pk), number=2, starts_on=date(2025, 1, 1)).save(),
        lambda: new(TagRule.objects.get(pk=ruled.pk), number=2, cost_centre=elsewhere).save(),
        lambda: new(SpendTag.objects.get(pk=tag.pk)).save(),
        lambda: new(SpendTag.objects.get(pk=tag.pk), key="owner", rule=None).save(),
        lambda: SpendTag.objects.create(item=item, key="team", value="x", origin="person", set_by=controller),
        lambda: SpendTag.objects.create(item=item, key="owner", value="", origin="stated"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert (SpendTag.objects.count(), TagKey.objects.count(), TagRule.objects.count()) == (1, 1, 1)
