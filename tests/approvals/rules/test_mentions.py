"""Whom a text names, and how it is kept."""

import pytest

from approvals.rules.mentions import mentions_in, plain

PEOPLE = {"ann": {1}, "ann marie": {2}, "Jörg Weiß": {3}, "bo": {4, 5}, "ann@house.example.org": {1}}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Hello @Ann.", [("Ann.", {1})]),
        ("@ann marie, and @ANN", [("ann", {2}), ("ANN", {1})]),
        ("(@Ann Marie)", [("Ann", {2})]),
        ("@Ann Mariella", [("Ann", {1})]),
        ("@Annabel", [("Annabel", set())]),
        ("@jörg weiss", [("jörg", {3})]),
        ("@ann@house.example.org is told", [("ann@house.example.org", {1})]),
        ("@bo", [("bo", {4, 5})]),
        ("Write to ann@house.example.org", []),
        ("3 @ 5.00, @ all, @, @@", []),
        ("@nobody here", [("nobody", set())]),
        ("<script>@ann</script>", [("ann</script>", {1})]),
    ],
)
def test_an_at_names_the_longest_name_that_begins_there(text: str, named: list[tuple[str, set[int]]]) -> None:
    assert [(each.word, set(each.people)) for each in mentions_in(text, PEOPLE)] == named


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  a\r\nb\rc  ", "a\nb\nc"),
        ("pay\u202e001\u202c now\u2066x\u2069", "pay001 nowx"),
        ("bell\x07 esc\x1b[31m \ufeffend", "bell esc[31m end"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("\u200b\u00ad", ""),
    ],
)
def test_text_is_kept_plain(text: str, kept: str) -> None:
    assert plain(text) == kept
