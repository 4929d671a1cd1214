"""Writing the whole ledger into a file that is verified elsewhere."""

import gzip
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from budgets.selectors.dump import counts_in, ledger_lines

# The ledger packs well, and a higher level takes much longer for little.
COMPRESSION = 3


@dataclass(frozen=True, slots=True)
class Dump:
    """What was written: the file, the SHA-256 of its bytes, and how many of each it holds."""

    path: Path
    sha256: str
    counts: dict[str, int]


def write_dump(*, path: Path) -> Dump:
    """Write the ledger to `path` as lines of JSON, packed by gzip where its name ends in .gz. The file appears when it is whole.

    Raises OSError where the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with _opened(partial, packed=path.suffix == ".gz") as file, ledger_lines() as lines:
            line = ""
            for line in lines:
                file.write(line.encode() + b"\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    with path.open("rb") as written:
        return Dump(path, hashlib.file_digest(written, "sha256").hexdigest(), counts_in(line))


@contextmanager
def _opened(path: Path, *, packed: bool) -> Iterator[BinaryIO]:
    """Give the file to write into. On the way out its bytes are on the disk."""
    with path.open("xb") as raw:
        if packed:
            with gzip.GzipFile(path.stem, "wb", COMPRESSION, raw) as file:
                yield cast(BinaryIO, file)
        else:
            yield raw
        raw.flush()
        os.fsync(raw.fileno())
