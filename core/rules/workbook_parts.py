"""The parts of an Excel workbook, each read as its elements come, by the standard library alone.

What is too much is refused before it is kept.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

MOST_ROWS = 5000
MOST_COLUMNS = 200
LONGEST_TEXT = 1000
MOST_TEXT = 5_000_000
DEEPEST = 32
ANEW = "Save it anew with your spreadsheet program."
# Numbers are kept as binary fractions of 15 digits; beyond this they have lost cents already.
LARGEST_NUMBER = 1e13
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})", re.ASCII)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# The built-in formats of dates and times.
_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_PARTS = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
Cell = tuple[str, str]
NOTHING: Cell = ("", "")


class NotReadError(Exception):
    """A workbook that cannot be taken: a code, what is wrong with it, and what to do."""

    def __init__(self, code: str, said: str, remedy: str = ANEW) -> None:
        super().__init__(said)
        self.code, self.said, self.remedy = code, said, remedy


class Part:
    """A part of the workbook: elements by their local names, no deeper than any workbook has them."""

    def __init__(self) -> None:
        self.depth = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotReadError("damaged", "The workbook is damaged.")
        self.opened(name.rpartition(" ")[2], attributes)

    def end(self, name: str) -> None:
        self.depth -= 1
        self.closed(name.rpartition(" ")[2])

    def text(self, text: str) -> None:
        """Take characters between the marks."""

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""

    def closed(self, name: str) -> None:
        """Take the end of an element."""


class Book(Part):
    """Which sheets there are, and from which year days are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str]] = []
        self.is_1904 = False

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            key = next((value for full, value in attributes.items() if full.endswith(" id")), "")
            self.sheets.append((key, attributes.get("state", "visible")))
        elif name == "workbookPr":
            self.is_1904 = attributes.get("date1904") in {"1", "true"}


class Links(Part):
    """Where the parts lie."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes["Target"]
            self.targets[attributes["Id"]] = target[1:] if target.startswith("/") else f"xl/{target}"


class Texts(Part):
    """The texts that cells share. Runs of one text are put together; how it is read aloud is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.parts: list[str] | None = None
        self.is_aloud = False
        self.size = 0

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self.found.append("")
        elif name == "rPh":
            self.is_aloud = True
        elif name == "t" and not self.is_aloud:
            self.parts = []

    def text(self, text: str) -> None:
        if self.parts is not None:
            self.parts.append(text)
            self.size += len(text)
            if self.size > MOST_TEXT:
                raise NotReadError("too_large", "The workbook has too much text.", "Keep only the table in it.")

    def closed(self, name: str) -> None:
        if name == "rPh":
            self.is_aloud = False
        elif name == "t" and self.parts is not None:
            self.found[-1] += "".join(self.parts)
            self.parts = None


class Styles(Part):
    """Which styles of cells show a number as a day."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[str, str] = {}
        self.formats: list[str] = []
        self.is_inside = False

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self.codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self.is_inside = True
        elif name == "xf" and self.is_inside:
            self.formats.append(attributes.get("numFmtId", "0"))

    def closed(self, name: str) -> None:
        if name == "cellXfs":
            self.is_inside = False

    def dates(self) -> list[bool]:
        return [self._is_date(each) for each in self.formats]

    def _is_date(self, key: str) -> bool:
        if key in self.codes:
            return bool(re.search(r"[ymdhs]", _PARTS.sub("", self.codes[key][:200]), re.IGNORECASE))
        return key.isdigit() and int(key) in _DATES


class Sheet(Part):
    """The cells of a sheet."""

    def __init__(self, texts: list[str], dates: list[bool], epoch: int) -> None:
        super().__init__()
        self.texts, self.dates, self.epoch = texts, dates, epoch
        self.found: dict[tuple[int, int], Cell] = {}
        self.row = self.column = 0
        self.attributes: dict[str, str] = {}
        self.has_formula = False
        self.parts: list[str] | None = None
        self.size = self.kept = 0
        self.is_aloud = False

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self.row = int(attributes["r"]) if "r" in attributes else self.row + 1
            self.column = 0
        elif name == "c":
            self._open_cell(attributes)
        elif name == "f":
            self.has_formula = True
        elif name == "rPh":
            self.is_aloud = True
        elif name == "v" or (name == "t" and not self.is_aloud):
            self.parts = []

    def _open_cell(self, attributes: dict[str, str]) -> None:
        self.column += 1
        if place := _PLACE.fullmatch(attributes.get("r", "")):
            self.row, self.column = int(place[2]), _column(place[1])
        self.attributes, self.has_formula, self.value = attributes, False, ""

    def text(self, text: str) -> None:
        if self.parts is None:
            return
        self.size += len(text)
        if self.size > LONGEST_TEXT:
            said = f"A cell in row {self.row} has more than {LONGEST_TEXT:,} characters."
            raise NotReadError("too_large", said, "Shorten it.")
        self.parts.append(text)

    def closed(self, name: str) -> None:
        if name == "rPh":
            self.is_aloud = False
        elif name in {"v", "t"} and self.parts is not None:
            self.value += "".join(self.parts)
            self.parts, self.size = None, 0
        elif name == "c":
            self._keep()

    def _keep(self) -> None:
        cell = self._cell(self.attributes.get("t", "n"), self.value)
        if cell == NOTHING:
            return
        if self.row > MOST_ROWS or self.column > MOST_COLUMNS:
            said = f"The sheet has something in row {self.row:,}, column {self.column:,}."
            raise NotReadError("too_large", said, f"Keep it to {MOST_ROWS:,} rows and {MOST_COLUMNS} columns.")
        self.kept += len(cell[1])
        if self.kept > MOST_TEXT:
            raise NotReadError("too_large", "The sheet has too much text.", "Keep only the table in it.")
        self.found[self.row, self.column] = cell

    def _cell(self, kind: str, value: str) -> Cell:
        if not value:
            return ("f", "") if self.has_formula and kind != "str" else NOTHING
        if kind == "s":
            text = self.texts[int(value)]
            if len(text) > LONGEST_TEXT:
                said = f"A cell in row {self.row} has more than {LONGEST_TEXT:,} characters."
                raise NotReadError("too_large", said, "Shorten it.")
            return ("t", _plain(text)) if text else NOTHING
        simple: dict[str, Callable[[str], Cell]] = {
            "str": lambda text: ("t", _plain(text)),
            "inlineStr": lambda text: ("t", _plain(text)),
            "b": lambda text: ("b", "TRUE" if text == "1" else "FALSE"),
            "e": lambda text: ("e", text),
            "d": lambda text: ("d", text[:10]),
        }
        return simple[kind](value) if kind in simple else self._number(value)

    def _number(self, value: str) -> Cell:
        if not _NUMBER.fullmatch(value.strip()):
            raise NotReadError("damaged", "The workbook is damaged.")
        number = float(value)
        style = int(self.attributes.get("s", "0"))
        if style < len(self.dates) and self.dates[style]:
            return "d", _day(number, self.epoch)
        if abs(number) >= LARGEST_NUMBER:
            said = f"The number in row {self.row} has more digits than a spreadsheet keeps."
            raise NotReadError("too_large", said, "Write it as text.")
        return "n", _digits(number)

    def table(self) -> list[list[Cell]]:
        """Return all rows down to the last that says something, each as far as it says something."""
        last = max((row for row, _ in self.found), default=0)
        rows: list[list[Cell]] = [[] for _ in range(last)]
        for (row, column), cell in sorted(self.found.items()):
            rows[row - 1] += [NOTHING] * (column - 1 - len(rows[row - 1]))
            rows[row - 1].append(cell)
        return rows


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _digits(number: float) -> str:
    """Return a number as a spreadsheet shows it: 15 digits, no exponent."""
    text = f"{number:.15g}"
    if "e" not in text:
        return text
    return f"{number:.20f}".rstrip("0").rstrip(".")


def _day(number: float, epoch: int) -> str:
    begin = date(1904, 1, 1) if epoch == 1904 else date(1899, 12, 30)
    try:
        return str(begin + timedelta(days=int(number)))
    except OverflowError as error:
        raise NotReadError("damaged", "The workbook is damaged.") from error


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
