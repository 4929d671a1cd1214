"""A refusal for lack of funds as a request's page shows it: its figures in the currency they are counted in."""

import pytest

from approvals.models import Request
from approvals.views.refusals import refusal_shown
from core.errors import NoFunds

DETAILS = {"what": "held", "node": "Team (Acme)", "window": "year", "cap": "210", "held": "100", "wanted": "120", "left": "110"}


@pytest.mark.django_db
@pytest.mark.parametrize(("stated", "shown"), [({"currency": "USD"}, "USD"), ({}, "EUR")])
def test_figures_are_in_the_currency_of_the_control(stated: dict[str, str], shown: str) -> None:
    """A request in EUR that a pool in USD refuses."""
    found = refusal_shown(NoFunds("No.", details=DETAILS | stated), seen=Request.objects.none(), currency="EUR")
    rows = dict(found.rows)
    assert (rows["Limit"], rows["Left"], rows["You ask for"]) == (f"210.00 {shown}", f"110.00 {shown}", f"120.00 {shown}")
    assert found.ways[0] == f"Ask for at most 110.00 {shown} here."
