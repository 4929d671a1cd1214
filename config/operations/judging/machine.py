"""Whether the machine is fit: room, folders, keys, PDFs, zones. Pure."""

from collections.abc import Mapping, Sequence

from config.operations.parts import Part, bad, fine, listed, note

MEGABYTE = 1_000_000


def judge_pdf(install: str, failure: str, seconds: float) -> Part:
    """Judge whether a page was really made."""
    if install:
        return bad("pdf", "PDFs cannot be made: Pango is not installed.", f"{install}. Then start Purser again.")
    if failure:
        return bad(
            "pdf", f"A test page could not be made: {failure}", "make install puts the locked packages in place; then look again."
        )
    return fine("pdf", f"A test page was made in {seconds:.1f} s.")


def judge_fonts(missing: Sequence[str]) -> Part:
    """Judge whether the fonts that packs are set in are where they are read from."""
    if missing:
        return bad(
            "fonts",
            f"Missing in static/fonts: {listed(list(missing))}.",
            "git checkout static/fonts, or install Purser's files anew.",
        )
    return fine("fonts", "The packs' own fonts are in place.")


def judge_disk(free: Mapping[str, tuple[int, int]]) -> Part:
    """Judge the room where files and the database lie: path to (free, total), in bytes."""
    fix = "Make room there, or move it: PURSER_VAR names the folder; backups and old logs are the first to look at."
    words = [f"{path} has {left / MEGABYTE:,.0f} MB of {total / MEGABYTE:,.0f} MB left" for path, (left, total) in free.items()]
    said = f"{'; '.join(words)}."
    if any(left < 500 * MEGABYTE or left < total * 0.03 for left, total in free.values()):
        return bad("disk", said, fix)
    if any(left < 2000 * MEGABYTE or left < total * 0.1 for left, total in free.values()):
        return note("disk", said, fix)
    return fine("disk", said)


def judge_orphans(count: int) -> Part:
    """Judge how many kept files no row names."""
    if count:
        said = f"{count} kept files belong to no row: something was cut off between the two."
        return note("kept-files", said, "manage.py orphan_files names them; with --remove it removes them.")
    return fine("kept-files", "Each kept file belongs to a row, or is younger than a day.")


def judge_factors(seeds: int, closed: int) -> Part:
    """Judge whether the seeds of second factors can be opened."""
    if closed:
        said = f"Of {seeds} seeds of second factors {closed} are sealed under no key that is given, or not at all."
        fix = "Put the key back into PURSER_FACTOR_KEYS (else it is the signing key); then manage.py seal_factors."
        return bad("second-factors", said, fix)
    return fine("second-factors", f"{seeds} seeds of second factors, each sealed under a key that is here.")


def judge_folders(missing: Sequence[str], closed: Sequence[str], open_to_others: Sequence[str]) -> Part:
    """Judge the folders: there, writable by us, readable by nobody else."""
    if missing:
        return bad(
            "folders",
            f"Not there: {listed(list(missing))}.",
            f"mkdir -p -m 700 {missing[0]}, as the user that runs Purser; or manage.py up.",
        )
    if closed:
        return bad(
            "folders", f"Not writable: {listed(list(closed))}.", f"chown to the user that runs Purser, and chmod 700 {closed[0]}"
        )
    if open_to_others:
        return bad(
            "folders",
            f"Others on this machine may look into {listed(list(open_to_others))}.",
            f"chmod 700 {' '.join(open_to_others)}",
        )
    return fine("folders", "All are there, writable, and closed to others.")


def judge_key_files(modes: Mapping[str, int]) -> Part:
    """Judge who may read the files that hold keys and passwords: path to mode."""
    loose = sorted(path for path, mode in modes.items() if mode & 0o077)
    if loose:
        return bad("key-files", f"Others may read {listed(loose)}.", f"chmod 600 {' '.join(loose)}; then change what it holds.")
    return fine("key-files", f"{len(modes)} files with keys or passwords are closed to others.")


def judge_zones(missing: Sequence[str]) -> Part:
    """Judge whether every zone that people and entities use is known."""
    if missing:
        return bad(
            "time-zones",
            f"Not known here: {listed(list(missing))}.",
            "pip install --upgrade tzdata, or correct the name in Set up.",
        )
    return fine("time-zones", "Every zone in use is known.")


def judge_holidays(empty: Sequence[str], year: int) -> Part:
    """Judge whether public holidays are known for the countries of the calendars, this year and the next."""
    if empty:
        fix = "Correct the calendar's country in Set up; or state the days there; or update the package holidays."
        return bad("holidays", f"No public holidays are known for {listed(list(empty))} in {year} and {year + 1}.", fix)
    return fine("holidays", f"Public holidays of every calendar are known for {year} and {year + 1}.")


def judge_static(missing: Sequence[str]) -> Part:
    """Judge whether style and scripts can be served."""
    if missing:
        return bad("static", f"Missing: {listed(list(missing))}.", "git checkout static, or install Purser's files anew.")
    return fine("static", "Style sheets and scripts are in place.")
