"""Projections on their pages: stated, listed, stated anew, and nothing typed is lost."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from budgets.models import Projection
from core.models import Entity, User
from tests.factories.core import UserFactory
from tests.fixtures.budgets import SmallBudget

GOLDEN: dict[str, Any] = yaml.safe_load(Path("tests/golden/distro_nation.yaml").read_text())
PARTS = ("aws", "firebase", "external")
LIST, NEW = "/budgets/projections/?entity=acme", "/budgets/projections/acme/new/"
ROUNDED = {"grown": "down to 1", "lowered": "half up to 1", "only_grown": "down to 1", "recommended": "half up to 10"}
HEAD = {
    "name": "Cloud",
    "base_month": "2026-06",
    "horizon_months": "3",
    "buffer_pct": "15",
    "rows": "4",
    "reasons": "Users +20 %.",
}
AWS = {"part-0": "AWS", "base-0": "314.54", "growth-0": "30", "reduction-0": "20"}
FIREBASE = {"part-2": "Firebase", "base-2": "150", "growth-2": "25"}
EXTERNAL = {"part-3": "External", "base-3": "120", "growth-3": "15"}
TYPED = {**HEAD, **ROUNDED, **AWS, **FIREBASE, **EXTERNAL}


@pytest.fixture
def finance(client: Client, controller: User, small_budget: SmallBudget) -> Client:
    client.force_login(controller)
    return client


def test_a_projection_is_stated_and_shown(finance: Client) -> None:
    assert "No projection is stated." in finance.get(LIST).content.decode()
    html = finance.post(NEW, TYPED, follow=True).content.decode()
    assert "Cloud: 750.00 USD a month by September 2026" in html.replace("\u00a0", " ")
    for figure in ("314.54", "408.00", "326.00", "187.00", "138.00", "651.00", "750.00"):
        assert f">{figure}</td>" in html
    listed = finance.get(LIST).content.decode()
    assert ">651.00</td>" in listed
    assert ">750.00</td>" in listed


@pytest.mark.parametrize("stated", GOLDEN["projections"], ids=lambda each: str(each["horizon_months"]))
def test_each_golden_horizon_is_on_its_page_part_by_part(finance: Client, stated: dict[str, Any]) -> None:
    months = stated["horizon_months"]
    typed = HEAD | ROUNDED | {"horizon_months": str(months), "buffer_pct": str(stated["buffer_pct"])}
    for at, name in enumerate(PARTS):
        part = stated[name]
        typed |= {f"part-{at}": name, f"base-{at}": str(part["base"])}
        typed |= {f"growth-{at}": str(part["growth_pct"])} if "growth_pct" in part else {}
        typed |= {f"reduction-{at}": str(-part["optimization_pct"])} if "optimization_pct" in part else {}
    html = finance.post(NEW, typed, follow=True).content.decode()
    figures = [stated[name][key] for name in PARTS for key in ("grown", "projected") if key in part]
    for figure in (*figures, GOLDEN["expect"]["projection_totals"][months], GOLDEN["expect"]["recommended"][months]):
        assert f">{figure}.00</td>" in html, figure
    assert f"Cloud: {GOLDEN['expect']['recommended'][months]}.00 USD a month" in html.replace("\u00a0", " ")


def test_what_is_stated_anew_begins_with_what_was(finance: Client) -> None:
    finance.post(NEW, TYPED)
    first = Projection.objects.get()
    html = finance.get(f"{NEW}?from={first.pk}").content.decode()
    for value in ("314.54", "Firebase", "2026-06", "Users +20 %."):
        assert value in html
    finance.post(NEW, TYPED | {"buffer_pct": "17"})
    old = finance.get(f"/budgets/projections/{first.pk}/").content.decode()
    assert "This does not count any more." in old
    assert "Number 2" in old
    assert finance.get(LIST).content.decode().count(">Cloud</a>") == 1


def test_more_rows_keep_what_was_typed(finance: Client) -> None:
    html = finance.post(NEW, TYPED | {"more": "1", "base-1": "not a number"}).content.decode()
    assert 'name="part-7"' in html
    assert 'value="not a number"' in html
    assert 'value="314.54"' in html
    assert not Projection.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base-2": "12,5"}, "is not an amount"),
        ({"base-2": ""}, "State what it costs now, or the category whose spend it is."),
        ({"base-2": "-4"}, "negative"),
        ({"part-2": ""}, "Give the part a name"),
        ({"growth-2": "much"}, "Write a share in digits"),
        ({"reduction-0": "101"}, "State 100 % at most."),
        ({"base_month": "June"}, "Write the month as year and month"),
        ({"horizon_months": "0"}, "greater than or equal to 1"),
        ({"recommended": "half up to 7"}, "Select a valid choice"),
        ({**dict.fromkeys((*AWS, *FIREBASE, *EXTERNAL), "")}, "State at least one part of the cost."),
    ],
)
def test_bad_input_is_said_and_what_was_typed_is_kept(finance: Client, change: dict[str, str], words: str) -> None:
    answer = finance.post(NEW, TYPED | change)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert words in html
    assert "Users +20 %." in html
    assert not Projection.objects.exists()


def test_who_keeps_no_books_states_none_and_an_outsider_sees_none(finance: Client, requester: User, entity: Entity) -> None:
    finance.post(NEW, TYPED)
    stated = Projection.objects.get()
    finance.force_login(requester)
    assert finance.post(NEW, TYPED).status_code == 403
    finance.force_login(UserFactory.create())
    assert finance.get(f"/budgets/projections/{stated.pk}/").status_code in {403, 404}
    assert Projection.objects.count() == 1
