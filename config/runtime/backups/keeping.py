"""How many backups are kept in a folder."""

import shutil
from pathlib import Path

from config.runtime.backups.manifest import NAME
from config.runtime.backups.taking import PREFIX


def backups_in(folder: Path) -> list[Path]:
    """Return the backups in a folder, the oldest first."""
    return sorted((path for path in folder.glob(f"{PREFIX}*") if (path / NAME).is_file()), key=_age)


def keep_newest(folder: Path, number: int) -> list[str]:
    """Remove the oldest backups but so many, at least one, and return their names."""
    doomed = backups_in(folder)[: -max(number, 1)]
    for path in doomed:
        # The manifest goes first: what is left of a removal that was cut off is no backup.
        (path / NAME).unlink()
        shutil.rmtree(path)
    return [path.name for path in doomed]


def _age(path: Path) -> tuple[str, int]:
    """Sort by the moment in the name, and those of the same second by their number."""
    moment, _, number = path.name.removeprefix(PREFIX).partition("-")
    return moment, int(number) if number.isdigit() else 0
