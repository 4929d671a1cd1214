"""Whatever the bytes: every record has an end, or the file is refused with a remedy. Nothing else ever happens."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.rules.camt import parse_statements
from reconciliation.rules.difference import Mark, difference
from reconciliation.rules.mapping import SpendMapping, checked
from reconciliation.rules.problems import FileRefused
from reconciliation.rules.rows import read_rows

MAPPING = checked(
    SpendMapping,
    {"columns": {"date": "Date", "number": "No", "amount": "Net"}, "fixed": {"category": "software", "cost_centre": "X"}},
)
T = TypeVar("T")


def read_or_refused(read: Callable[[], Iterable[T]]) -> list[T]:
    """Return all that is read; nothing where the file is refused, which names a remedy."""
    refused = ""
    found: list[T] = []
    try:
        found = list(read())
    except FileRefused as refusal:
        refused = refusal.remedy or "no remedy"
    assert refused != "no remedy"
    return found


cells = st.one_of(
    st.sampled_from(
        ["2026-03-05", "10.00", "(1.00)", "NaN", "1e400", '"', '""', "", "Total", "\u0000", "a\nb", "\ud7ff", "=1+1"]
    ),
    st.text(max_size=12),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(cells, max_size=5), max_size=12),
    st.sampled_from(["utf-8", "utf-16", "cp1252"]),
    st.sampled_from(["\n", "\r", "\r\n"]),
)
def test_any_table_is_read_to_its_end_or_refused(table: list[list[str]], encoding: str, end: str) -> None:
    content = end.join(["Date,No,Net", *(",".join(row) for row in table)]).encode(encoding, "replace")
    found = read_or_refused(lambda: read_rows(content, name="any.csv", mapping=MAPPING, currency="EUR").rows)
    assert len({row.number for row in found}) == len(found)
    for row in found:
        assert row.status == "pending" or row.problem is not None
        assert row.status != "quarantined" or (row.problem is not None and row.problem.remedy)
        assert row.status != "pending" or (row.amount and row.occurred_on)
        assert row.amount is None or row.amount.is_finite()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    read_or_refused(lambda: read_rows(content, name="any.csv", mapping=MAPPING, currency="EUR").rows)
    read_or_refused(lambda: parse_statements(content))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_the_difference_accounts_for_every_row_once(earlier: list[str], present: list[str]) -> None:
    found = difference(
        [Mark(number, text, text.upper()) for number, text in enumerate(earlier)],
        [Mark(number, text, text.upper()) for number, text in enumerate(present)],
    )
    assert sorted([*found.known, *found.changed, *found.new]) == list(range(len(present)))
    used = [*found.known.values(), *found.changed.values(), *found.vanished]
    assert sorted(used) == list(range(len(earlier)))
    assert len(found.known) == sum(min(earlier.count(text), present.count(text)) for text in "abc")
