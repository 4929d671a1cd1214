"""`python -m tests.measures trust|bench [--size small|full] [--only R1,R3]`: 0 when all is well, 1 when not, 2 on wrong use."""

import argparse
import os
import sys
from pathlib import Path

import django
from django.conf import settings

from tests.measures import report, runner
from tests.measures.harness import surroundings

KINDS = {"trust": (runner.trust, report.trust_table), "bench": (runner.bench, report.bench_table)}


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.measures", description=__doc__)
    parser.add_argument("what", choices=sorted(KINDS))
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument("--only", default="", help="ids, with commas between")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    given = arguments(words)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    only = frozenset(word.strip().upper() for word in given.only.split(",") if word.strip())
    try:
        measures = runner.found(runner.FOLDERS[given.what], only)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return measure(given.what, given.size, measures)


def measure(what: str, size: str, measures: list[runner.Measure]) -> int:
    run, table = KINDS[what]
    with surroundings(size) as setting:
        records = run(measures, setting, _say)
    report.write(Path(settings.VAR_DIR) / f"{what}.json", records)
    _say(f"\n{table(records)}")
    return 0 if records and all(map(report.is_good, records)) else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
