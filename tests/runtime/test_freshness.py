"""Every page with money says whether its figures are final, as of when and from what; or stands below with why it need not."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
MONEY = re.compile(r"\|(?:money|signed|kilo|signed_kilo|kilo_figure)\b|\{% (?:unified_figure|unified_spent|month_chart)\b")
SAID = re.compile(r"\{% freshness [\w.]+ %\}")
INCLUDED = re.compile(r'\{% include "([^"]+)"')

ASKED = "What was asked for, as it stands in the request: no figure of the ledger."
DOCUMENT = "What a document or a row of a file says: it is what it is, whatever month is open."
STATED = "What somebody stated, kept as it was stated: nothing posted changes it."
DECIDED = (
    "What a request would do is worked out while one looks and again, under a lock, when it is decided; "
    "the page is held to ten statements."
)
NO_LINE: dict[str, str] = {
    **dict.fromkeys(
        ("approvals/answered.html", "approvals/committee.html", "approvals/emergencies.html", "approvals/hands.html"), ASKED
    ),
    **dict.fromkeys(("approvals/list.html", "approvals/meeting.html"), ASKED),
    **dict.fromkeys(("approvals/queue.html", "approvals/request.html", "approvals/by_link.html"), DECIDED),
    "approvals/form.html": "A form before anything is counted: what would be left is worked out anew with every key.",
    "approvals/emergency_form.html": "A form before anything is counted: what would be left is checked when it is done.",
    "approvals/override.html": "A refusal: what was missing at the moment that it was refused.",
    "core/refusal.html": "A refusal: what was missing at the moment that it was refused.",
    "approvals/close_order.html": "What one order still holds, checked under a lock when it is closed.",
    "approvals/emergency.html": "What one request holds and spent, beside what it asked for: it is read with the request.",
    "approvals/receipt.html": "A receipt is signed: it says what was decided, and never changes.",
    "approvals/policy_version.html": STATED,
    "budgets/carry_rules.html": STATED,
    "budgets/load_preview.html": "Two plans beside each other: what a file says, and a version, which is written once.",
    "budgets/projections.html": STATED,
    "budgets/rate_card.html": STATED,
    "budgets/rate_card_preview.html": STATED,
    "budgets/template_begin.html": STATED,
    "budgets/templates.html": STATED,
    "budgets/version.html": "The plan of a version: it is written once, and the page says since when it is in force.",
    "budgets/journal.html": "Entries are written once: they are final by nature, and the page says when they were recorded.",
    "budgets/tag_item.html": "One entry with its tags: its amount is written once.",
    **dict.fromkeys(("core/rights.html", "core/rights_of_person.html"), "Up to what amount a person may decide, as stated."),
    "core/trial.html": "What would be done if it was done now: nothing of it stands.",
    **dict.fromkeys(
        (
            *("reconciliation/exceptions.html", "reconciliation/home.html", "reconciliation/import.html"),
            *("reconciliation/import_row.html", "reconciliation/import_rows.html", "reconciliation/imports.html"),
            *("reconciliation/invoice.html", "reconciliation/invoices.html", "reconciliation/matches_foreseen.html"),
            *("reconciliation/payment.html", "reconciliation/payments.html", "reconciliation/suggestions.html"),
        ),
        DOCUMENT,
    ),
    "reporting/pack/page.html": "A pack says it in its own words on its front: final or preliminary, as of, sources.",
}


def whole(name: str, within: frozenset[str] = frozenset()) -> str:
    """Return a template with what it includes, all the way down."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    parts = {part for part in INCLUDED.findall(text) if part not in within}
    return text + "".join(whole(part, within | {name}) for part in sorted(parts))


def pages_with_money() -> Iterator[str]:
    for path in sorted(TEMPLATES.rglob("*.html")):
        name = path.relative_to(TEMPLATES).as_posix()
        if '{% extends "base.html" %}' in path.read_text(encoding="utf-8") and MONEY.search(whole(name)):
            yield name


PAGES = tuple(pages_with_money())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_with_money_says_how_fresh_it_is_or_why_it_need_not(name: str) -> None:
    says = SAID.search(whole(name)) is not None
    assert says != (name in NO_LINE), "It says so, or it stands in NO_LINE with a reason: one of the two."


def test_the_list_of_pages_without_is_of_pages_with_money_that_there_are() -> None:
    assert set(NO_LINE) - set(PAGES) == set()
    assert len(PAGES) > len(NO_LINE)
