"""CSV files of statements: their rows by number, and what is wrong in them told line by line. Pure."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from core.errors import InvalidInput

LARGEST = 512 * 1024


class Placed(Protocol):
    """A statement that says what it is of."""

    @property
    def place(self) -> tuple[object, ...]:
        """Return what it is of: stated twice in one file, one of them is wrong."""


Said = TypeVar("Said", bound=Placed)


def read_statements(
    content: bytes, *, columns: Sequence[str], most: int, what: str, read: Callable[[dict[str, str]], Said], twice: str
) -> list[Said]:
    """Return the statements in a CSV file, one in each row.

    Takes commas, semicolons or tabs between cells. `read` returns the statement of a row's cells, or raises InvalidInput. `what`
    names them where there are too many, and `twice` says that a line states what `{line}` states. Raises InvalidInput, whose
    details map each line to what is wrong there.
    """
    found: list[Said] = []
    wrong: dict[str, str] = {}
    seen: dict[tuple[object, ...], str] = {}
    for number, row in enumerate(_rows(content, columns, most, what), 2):
        try:
            said = read({name: (row.get(name) or "").strip() for name in columns})
        except InvalidInput as refusal:
            wrong[f"line {number}"] = refusal.message
            continue
        if said.place in seen:
            wrong[f"line {number}"] = twice.format(line=seen[said.place])
        seen.setdefault(said.place, f"line {number}")
        found.append(said)
    if wrong:
        shown = "; ".join(f"{place}: {sentence}" for place, sentence in list(wrong.items())[:10])
        raise InvalidInput(f"The file says something that cannot be kept. {shown}.", remedy="Correct it.", details=wrong)
    return found


def _rows(content: bytes, columns: Sequence[str], most: int, what: str) -> list[dict[str, str | None]]:
    if len(content) > LARGEST:
        raise _bad(f"The file has {len(content):,} bytes.", f"Keep it under {LARGEST:,}.")
    try:
        text = content.decode("utf-8-sig")
        delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _bad("The file is not CSV in UTF-8.", f"Save it so. ({str(error)[:100]})") from error
    if not rows or any(name not in rows[0] for name in columns):
        raise _bad("The file has not the columns that are wanted.", f"Its first line is {','.join(columns)}.")
    if len(rows) > most:
        raise _bad(f"The file has {len(rows):,} {what}.", f"Split it: {most:,} at most.")
    return rows


def _bad(message: str, remedy: str) -> InvalidInput:
    return InvalidInput(message, remedy=remedy, code="invalid_file")
