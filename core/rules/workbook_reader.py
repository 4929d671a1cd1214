"""Reading the cells of an Excel workbook. Run as a program it reads one from its input, within limits, and writes JSON.

It stands on the standard library alone, so that a process of its own starts at once and holds nothing worth taking. Values are
read, never formulas; nothing is fetched, and no entity is resolved.
"""

import io
import json
import sys
import zipfile
import zlib
from typing import Any
from xml.parsers import expat

from core.rules.workbook_parts import Book, Cell, Links, NotReadError, Part, Sheet, Styles, Texts

MOST_MEMORY = 256 * 1024 * 1024
MOST_SECONDS = 2
MOST_XML = 20_000_000
MAIN = "xl/workbook.xml"


def cells_of(content: bytes) -> list[list[Cell]]:
    """Return the rows of the first sheet that is shown, each cell as its kind and its text.

    Kinds: `t` text, `n` a number in digits, `d` a day as YYYY-MM-DD, `b` true or false, `e` an error, `f` a formula whose value
    was never reckoned, and nothing. Raises NotReadError.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _Reader(archive).rows()
    except expat.ExpatError as error:
        raise NotReadError("damaged", "The workbook is damaged.") from error
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, IndexError, EOFError, OSError, RuntimeError) as error:
        raise NotReadError("damaged", "The workbook is damaged.") from error


class _Reader:
    """One workbook, read part by part. What all parts come to is bounded."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = set(archive.namelist())
        self.read = 0
        if any("externallink" in name.lower() for name in self.names):
            raise NotReadError(
                "external_links", "The workbook refers to other workbooks.", "Break its links, so that it holds its own values."
            )

    def rows(self) -> list[list[Cell]]:
        book = Book()
        self._parse(MAIN, book)
        links = Links()
        self._parse("xl/_rels/workbook.xml.rels", links)
        shown = [key for key, state in book.sheets if state not in {"hidden", "veryHidden"}]
        if not shown:
            raise NotReadError("no_sheet", "The workbook shows no sheet.")
        texts, styles = Texts(), Styles()
        for name, part in (("sharedstrings", texts), ("styles", styles)):
            if found := next((link for link in links.targets.values() if link.lower().endswith(f"{name}.xml")), ""):
                self._parse(found, part)
        sheet = Sheet(texts.found, styles.dates(), 1904 if book.is_1904 else 1900)
        self._parse(links.targets[shown[0]], sheet)
        return sheet.table()

    def _parse(self, name: str, part: Part) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _no_doctype
        parser.StartElementHandler = part.begin
        parser.EndElementHandler = part.end
        parser.CharacterDataHandler = part.text
        parser.buffer_text = True
        with self.archive.open(name) as stream:
            while chunk := stream.read(65536):
                self.read += len(chunk)
                if self.read > MOST_XML:
                    raise NotReadError(
                        "too_large", "The workbook is too large when it is unpacked.", "Keep only the table in it."
                    )
                parser.Parse(chunk, False)
        parser.Parse(b"", True)


def _no_doctype(*_: Any) -> None:
    raise NotReadError("doctype", "The workbook declares entities, which no spreadsheet program does.")


def _limit() -> None:
    """Bound what this process may take, as far as the system can."""
    import resource

    for what, most in (
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue


def main() -> None:
    """Read a workbook from the input; write `{"rows": …}` or `{"refused": [code, sentence, remedy]}`."""
    _limit()
    try:
        said: dict[str, Any] = {"rows": cells_of(sys.stdin.buffer.read())}
    except NotReadError as error:
        said = {"refused": [error.code, error.said, error.remedy]}
    except MemoryError:
        said = {"refused": ["too_large", "The workbook takes too much memory.", "Keep only the table in it."]}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
