"""The unified view as one table, for CSV and workbooks: a row a category, a column a source."""

from collections.abc import Iterable
from decimal import Decimal

from reporting.rules.unified import Amounts, Line, Unified, Waiting, lines_of, waiting_of
from reporting.rules.wording import counted

Value = str | Decimal
TEXTS = ("Row", "Code", "Name", "From", "To", "Figures", "As of", "Currency")


def table_of(view: Unified) -> tuple[list[str], list[list[Value]]]:
    """Return the head and the rows. Texts come first; what they say of people's is not made safe for spreadsheets yet."""
    keys = [origin.key for origin in view.origins]
    names = [origin.name for origin in view.origins]
    head = [*TEXTS, "Budget", "Reserved", "Committed", *names, "Actual", "Of it final", "Of it preliminary"]
    head += ["Actual less budget", "Remaining"]
    rows = [_row(view, _kind(line), line.code, line.name, line.amounts, keys) for line in lines_of(view.nodes)]
    rows.append(_row(view, "total", "", "Together", view.total, keys))
    for kind, waits, words in (
        ("in quarantine", view.quarantined, "imported row"),
        ("on no budget line", view.uncoded, "invoice line"),
    ):
        rows += _waiting(view, kind, waits, words, keys)
    return head, rows


def _kind(line: Line) -> str:
    if line.is_own:
        return "category itself"
    return "group" if line.is_group else "category"


def _row(view: Unified, kind: str, code: str, name: str, amounts: Amounts, keys: list[str]) -> list[Value]:
    sources = [amounts.spent.get(key, Decimal("0.00")) for key in keys]
    sums = [amounts.actual, amounts.final, amounts.preliminary, amounts.variance, amounts.remaining]
    return [*_texts(view, kind, code, name), amounts.plan, amounts.reserved, amounts.committed, *sources, *sums]


def _texts(view: Unified, kind: str, code: str, name: str) -> list[Value]:
    months = [f"{view.first:%Y-%m}", f"{view.last:%Y-%m}"]
    return [kind, code, name, *months, view.freshness.state, f"{view.freshness.as_of:%Y-%m-%dT%H:%M:%SZ}", view.currency]


def _waiting(view: Unified, kind: str, waits: Iterable[Waiting], words: str, keys: list[str]) -> Iterable[list[Value]]:
    """Yield what is not in the ledger, a row for each currency: nothing of it is left out, and none is converted."""
    waits = list(waits)
    for currency in sorted({each.currency for each in waits}):
        found = waiting_of(waits, currency)
        count = sum(each.count for each in waits if each.currency == currency)
        texts = _texts(view, kind, "", counted(count, words))
        texts[-1] = currency
        blank: list[Value] = [""]
        yield [
            *texts,
            *blank * 3,
            *(found.get(key, Decimal("0.00")) for key in keys),
            sum(found.values(), Decimal(0)),
            *blank * 4,
        ]
