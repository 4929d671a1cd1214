"""Finding measures, running them one after another, and what each came to. One that fails does not keep the next from running."""

import re
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.measures.harness import Outcome, Setting

HERE = Path(__file__).parent.parent
FOLDERS = {"trust": HERE / "trust", "bench": HERE / "bench"}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Measure:
    """A measure's file. Its name begins with its id: r01_one_line is R1."""

    path: Path

    @property
    def id(self) -> str:
        stem = self.path.stem.partition("_")[0]
        return f"{stem[0].upper()}{int(stem[1:])}"

    def load(self) -> ModuleType:
        """Import the file. Raises what its import raises, and ValueError where it calls itself by another id."""
        module = import_module(f"tests.{self.path.parent.name}.{self.path.stem}")
        if self.id != module.ID:
            raise ValueError(f"{self.path.name} calls itself {module.ID}.")
        return module


def found(folder: Path, only: frozenset[str] = frozenset()) -> list[Measure]:
    """Return the measures in a folder, in the order of their files. Raises ValueError for an id in `only` that is not there."""
    measures = [Measure(path) for path in sorted(folder.glob("*.py")) if re.fullmatch(r"[a-z]\d+_.*", path.stem)]
    if missing := only - {measure.id for measure in measures}:
        raise ValueError(f"No measure is called {', '.join(sorted(missing))}.")
    return [measure for measure in measures if not only or measure.id in only]


def trust(measures: list[Measure], setting: Setting, say: Say) -> list[dict[str, Any]]:
    """Run each measure, and again with its bug planted, small. Returns a record for each, as var/trust.json holds them."""
    return [_trusted(measure, setting, say) for measure in measures]


def bench(measures: list[Measure], setting: Setting, say: Say) -> list[dict[str, Any]]:
    """Run each measure. Returns a record for each of its figures, as var/bench.json holds them."""
    return [record for measure in measures for record in _benched(measure, setting, say)]


@dataclass(frozen=True)
class _Attempt:
    name: str
    outcome: Outcome
    crashed: bool
    seconds: float


def _trusted(measure: Measure, setting: Setting, say: Say) -> dict[str, Any]:
    real = _attempt(measure, setting, planted=False)
    say(f"{measure.id} {real.name}: {'passed' if real.outcome.passed else 'FAILED'} in {real.seconds:.1f} s")
    planted = _attempt(measure, setting.at("small"), planted=True)
    # A planted run that crashed has shown nothing: only a measure that came to its end can have seen the bug.
    seen = not planted.outcome.passed and not planted.crashed
    say(f"{measure.id} with its bug planted: {'seen' if seen else 'NOT SEEN'} in {planted.seconds:.1f} s")
    return {
        "id": measure.id,
        "name": real.name,
        "size": setting.size,
        "planted_bug_seen": seen,
        "passed": real.outcome.passed,
        "seconds": round(real.seconds + planted.seconds, 1),
        "figures": real.outcome.figures,
        "planted": planted.outcome.figures,
    }


def _attempt(measure: Measure, setting: Setting, *, planted: bool) -> _Attempt:
    begun, name, crashed = time.monotonic(), measure.path.stem, False
    try:
        module = measure.load()
        name = module.NAME
        outcome = module.run(setting, planted=planted)
        if not isinstance(outcome, Outcome):
            raise TypeError(f"{measure.path.name} returned no Outcome.")
    except Exception:  # whatever a measure dies of is its result, and the next one still runs
        crashed, outcome = True, Outcome(False, {"error": traceback.format_exc()})
    return _Attempt(name, outcome, crashed, time.monotonic() - begun)


def _benched(measure: Measure, setting: Setting, say: Say) -> Iterator[dict[str, Any]]:
    begun = time.monotonic()
    try:
        figures = measure.load().run(setting)
        records = [asdict(figure) | {"passed": figure.passed} for figure in figures]
        if not records:
            raise ValueError(f"{measure.path.name} returned no figure.")
    except Exception:  # as above
        records = [{"id": measure.id, "name": measure.path.stem, "passed": False, "error": traceback.format_exc()}]
    say(f"{measure.id} measured in {time.monotonic() - begun:.1f} s")
    yield from records
