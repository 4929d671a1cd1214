"""The figures behind a refusal: which of them are shown, and what they are called."""

from core.errors import NoFunds, WrongState
from core.templatetags.refusals import facts_of

DETAILS = {"node": "Team", "cap": "100.00", "allotted": "90.00", "held": "80.00", "wanted": "30.00", "left": "20.00"}


def test_money_that_is_not_there_is_about_what_is_held() -> None:
    facts = dict(facts_of(NoFunds("No.", details=DETAILS | {"what": "held"})))
    assert facts == {"Where": "Team", "Limit": "100.00", "Held already": "80.00", "Asked for": "30.00", "Left": "20.00"}


def test_an_allotment_above_a_limit_is_about_what_is_allotted() -> None:
    facts = dict(facts_of(NoFunds("No.", details=DETAILS | {"what": "allotted"})))
    assert facts == {"Where": "Team", "Limit": "100.00", "Allotted under it": "90.00", "Asked for": "30.00", "Left": "20.00"}


def test_a_limit_below_what_it_covers_is_about_both() -> None:
    details = {"what": "limit", "node": "Team", "cap": "10.00", "allotted": "90.00", "held": "80.00"}
    facts = dict(facts_of(NoFunds("No.", details=details)))
    assert facts == {"Where": "Team", "Limit": "10.00", "Allotted under it": "90.00", "Held already": "80.00"}


def test_what_is_for_machines_is_left_out() -> None:
    assert facts_of(WrongState("No.", details={"what": "used", "journal": 5, "allotted": "1"})) == []
