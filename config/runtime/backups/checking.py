"""Commands of manage.py in processes of their own that stand in a place: the ledger's check, a restore's acceptance."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from config.runtime.backups.errors import BackupError
from config.runtime.backups.places import Place

# Without their key the anchors are held against the ledger all the same; only who signed them is not seen.
NO_KEY = "the anchors' key is not at"


def check_ledger_in(place: Place) -> dict[str, Any]:
    """Return what `check_ledger` says there: `drift`, `chain`, `where`. Raises BackupError where it cannot be run."""
    said = run_in(place, "check_ledger", "--json")
    return _without_key(said) if not place.anchor_key.is_file() else said


def run_in(place: Place, *words: str) -> dict[str, Any]:
    """Run a command there as the app, and return the JSON it prints. Raises BackupError where it prints none."""
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *words]
    done = subprocess.run(command, env=place.environment(), capture_output=True, text=True, check=False)
    try:
        said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise BackupError(f"{words[0]} cannot be run: {(done.stderr or done.stdout).strip()[-2000:]}") from error
    return said


def prepare_in(place: Place) -> list[str]:
    """Run `prepare` there as the owner, and return what it newly scheduled. Raises BackupError with its words."""
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "prepare", "--verbosity=0"]
    command.append(f"--app-role={place.database.app_role}")
    seen = place.environment() | {"DATABASE_URL": place.database.owner.url()}
    done = subprocess.run(command, env=seen, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"prepare failed: {done.stderr.strip()[-4000:]}")
    return [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith("Scheduled: ")]


def _without_key(said: dict[str, Any]) -> dict[str, Any]:
    where = [place for place in said.get("where", ()) if not place.startswith(NO_KEY)]
    if where or said["drift"]:
        return {**said, "where": where}
    return {name: value for name, value in said.items() if name != "where"} | {"chain": "ok"}


def is_whole(said: dict[str, Any]) -> bool:
    return bool(said["drift"] == 0 and said["chain"] == "ok")
