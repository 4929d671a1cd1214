"""Excel workbooks that people send: read in a process of their own, which has little memory, little time and no files."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.rules.archives import look_into_office
from core.rules.unfit import Unfit
from core.rules.workbook_reader import MAIN
from core.rules.workbooks import letters

LARGEST = 2 * 1024 * 1024
MOST_SECONDS = 4
# Isolated from the environment and from what is installed: it knows the standard library and our own reader.
PROGRAM = "import sys; sys.path.append(sys.argv[1]); from core.rules.workbook_reader import main; main()"
SIGNATURE = b"PK\x03\x04"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A workbook under a password, or of a program from before 2007.
_OLD = b"\xd0\xcf\x11\xe0"
ANEW = "Save it as an Excel workbook (.xlsx) without a password."
WRONG = {
    "f": "This formula has no value yet. Open the workbook, let it reckon, and save it; or write the value.",
    "e": "The spreadsheet shows an error here. Mend the formula, or write the value.",
}


def is_workbook(content: bytes) -> bool:
    """Say whether the content is meant as a workbook, by its first bytes."""
    return content.startswith((SIGNATURE, _OLD))


def read_workbook(content: bytes) -> list[list[str]]:
    """Return the rows of a workbook's first sheet as text: numbers in digits, days as YYYY-MM-DD.

    A cell whose formula has no value, or shows an error, is refused with its place (`details`: `cell B4`). Raises InvalidInput.
    """
    if len(content) > LARGEST:
        raise _refused("too_large", f"The workbook has {len(content) // 1024:,} kB.", f"Keep it to {LARGEST // 1024:,} kB.")
    try:
        main, _ = look_into_office(content, (MAIN,))
    except Unfit as found:
        raise _refused(found.code, f"The workbook {found.found}.", found.remedy.replace("attach", "choose")) from found
    if main != MAIN:
        raise _refused("no_workbook", "The file is no Excel workbook.", ANEW)
    return _as_text(_read_apart(content))


def _read_apart(content: bytes) -> list[list[list[str]]]:
    program = [sys.executable, "-I", "-S", "-c", PROGRAM, str(Path(__file__).parents[1])]
    try:
        done = subprocess.run(program, input=content, capture_output=True, timeout=MOST_SECONDS, check=False, env={}, cwd="/")
    except subprocess.TimeoutExpired as error:
        raise _refused("too_large", "The workbook takes too long to read.", "Keep only the table in it.") from error
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        # Ended by the system, for what it took.
        raise _refused("too_large", "The workbook takes too much to read.", "Keep only the table in it.") from error
    if "refused" in said:
        raise _refused(*said["refused"])
    rows: list[list[list[str]]] = said["rows"]
    return rows


def _as_text(rows: list[list[list[str]]]) -> list[list[str]]:
    wrong = {
        f"cell {letters(column)}{row}": WRONG[kind]
        for row, cells in enumerate(rows, 1)
        for column, (kind, _) in enumerate(cells)
        if kind in WRONG
    }
    if wrong:
        raise InvalidInput("Some cells of the workbook have no value.", remedy="Correct what stands below.", details=wrong)
    return [[text for _, text in cells] for cells in rows]


def _refused(code: str, said: str, remedy: str) -> InvalidInput:
    return InvalidInput(said, remedy=remedy, code=code)
