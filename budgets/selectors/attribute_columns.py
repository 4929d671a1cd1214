"""Attributes of an organization's own as columns of a file: one for each code that the reader's organizations ask, or asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from budgets.rules.attributes import Value, plain
from budgets.selectors.attributes import Values, attributes_in_reach, values_of
from core.models import User
from core.rules.sheets import cell


@dataclass(frozen=True, slots=True)
class AttributeColumns:
    """The columns of a kind of things: codes, and their headings."""

    codes: tuple[str, ...]
    heads: tuple[str, ...]

    def cells_of(self, model: Values, subjects: Iterable[int]) -> dict[int, list[str]]:
        """Return by thing its cells, blank where it has none: one query for all. Things that have nothing are left out."""
        found = values_of(model, subjects)
        return {
            subject: [_cell({each.code: value for each, value in has.items()}.get(code)) for code in self.codes]
            for subject, has in found.items()
        }

    @property
    def blank(self) -> list[str]:
        return [""] * len(self.codes)


def attribute_columns(user: User, kind: str) -> AttributeColumns:
    """Return a column for each attribute of a kind of things in the person's organizations, retired ones that have values too."""
    names: dict[str, set[str]] = {}
    for each in attributes_in_reach(user).filter(kind=kind).order_by("code", "pk"):
        if each.retired_on is None or each.used_at is not None:
            names.setdefault(each.code, set()).add(each.name)
    heads = []
    for code, called in names.items():
        name = called.copy().pop() if len(called) == 1 else ""
        is_taken = name and sum(name in others for others in names.values()) > 1
        heads.append(cell(code if not name else f"{name} ({code})" if is_taken else name))
    return AttributeColumns(tuple(names), tuple(heads))


def _cell(value: Value | None) -> str:
    """Write a value: digits without commas, days as ISO, yes or no, and text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(plain(value))
    return text if isinstance(value, Decimal) else cell(text)
