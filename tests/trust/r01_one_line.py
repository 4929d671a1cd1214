"""R1: many spenders on one line under two stops, with keys sent twice and answers that never arrive."""

import random
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from budgets.models import Journal
from core.errors import NoFunds
from tests.measures.harness import Outcome, Setting
from tests.measures.workers import at_once
from tests.trust import ground
from tests.trust.cutting import CutOff, cut_transaction
from tests.trust.ground import Ground

ID = "R1"
NAME = "One line, 32 spenders, keys twice, answers cut"
SPENDERS = 32
MEAN = Decimal(50)
DUPLICATES, CUTS = 0.2, 0.1
# How far back a duplicate's original lies: near enough to be under way still, at another spender.
NEAR = 2 * SPENDERS


@dataclass(frozen=True)
class Request:
    key: str
    amount: Decimal
    cut: str = ""


@dataclass(frozen=True)
class Spender:
    """One spender's part. A planted one reads what is left and then posts past every stop."""

    ground: Ground
    number: int
    seed: int
    requests: int
    planted: bool


@dataclass(frozen=True)
class Answer:
    """What a spender heard at last. `journal` is 0 for a refusal; `unsure` says that it asked again after a cut."""

    key: str
    amount: Decimal
    journal: int
    repeat: bool
    unsure: bool


def planned(seed: int, requests: int) -> list[Request]:
    """Return the requests of all spenders, the same for the same seed: a fifth repeats a key, a tenth loses its line."""
    chance = random.Random(seed)
    made: list[Request] = []
    for number in range(requests):
        cut = chance.choice(("posting", "commit")) if chance.random() < CUTS else ""
        if made and chance.random() < DUPLICATES:
            first = made[-chance.randint(1, min(NEAR, len(made)))]
            made.append(Request(first.key, first.amount, cut))
        else:
            made.append(Request(f"r1-{seed}-{number}", Decimal(chance.randint(1, 9999)) / 100, cut))
    return made


def spend(part: Spender) -> tuple[float, list[Answer]]:
    """Send this spender's requests one after another, each until it is answered. Returns the seconds and the answers."""
    begun = time.monotonic()
    answers = [answered(part, request) for request in planned(part.seed, part.requests)[part.number :: SPENDERS]]
    return time.monotonic() - begun, answers


def answered(part: Spender, request: Request) -> Answer:
    try:
        return ask(part, request, request.cut)
    except CutOff:
        again = ask(part, request, "")
        return Answer(again.key, again.amount, again.journal, again.repeat, unsure=True)


def ask(part: Spender, request: Request, cut: str) -> Answer:
    line = part.ground.accounts[0]
    try:
        with cut_transaction(cut):
            if part.planted and ground.left_on(line) < request.amount:
                return Answer(request.key, request.amount, 0, repeat=False, unsure=False)
            journal, repeat = ground.reserve(part.ground, line, request.amount, key=request.key, is_fact=part.planted)
    except NoFunds:
        return Answer(request.key, request.amount, 0, repeat=False, unsure=False)
    return Answer(request.key, request.amount, journal, repeat, unsure=False)


def run(setting: Setting, *, planted: bool) -> Outcome:
    seeds, requests = setting.pick(small=(1, 1200), full=(20, 10_000))
    total: Counter[str] = Counter()
    seconds = 0.0
    for seed in range(seeds):
        took, counts = one_seed(setting, seed, requests, planted=planted)
        total.update(counts)
        seconds += took
    wrong = ("overspent_cents", "lost", "double", "phantoms", "refused_wrongly", "drift", "chain_breaks")
    vain = not (total["refused"] and total["duplicates"] and total["cut"] and total["cut_but_done"])
    figures: dict[str, Any] = {
        name: total[name] for name in (*wrong, "requests", "held", "refused", "duplicates", "cut", "cut_but_done")
    }
    return Outcome(
        not any(total[name] for name in wrong) and not vain, figures | {"requests_per_s": round(total["requests"] / seconds)}
    )


def one_seed(setting: Setting, seed: int, requests: int, *, planted: bool) -> tuple[float, dict[str, int]]:
    with setting.database(f"r01_{seed}") as login:
        # Half of what is asked for by keys that are new, spread over the months of a year that is one window.
        asked = MEAN * requests * Decimal(str(1 - DUPLICATES))
        laid = ground.lay(centres=1, categories=1, monthly=(asked / 2 / 12).quantize(Decimal("0.01")))
        parts = [Spender(laid, number, seed, requests, planted) for number in range(SPENDERS)]
        told = at_once(spend, parts, login=login)
        answers = [answer for _, part in told for answer in part]
        return max(seconds for seconds, _ in told), judged(laid, answers)


def judged(laid: Ground, answers: list[Answer]) -> dict[str, int]:
    """Count what went wrong, by the journals and entries that are there and what the spenders heard."""
    left = ground.left_on(laid.accounts[0])
    there = {key: (number, entries) for key, number, entries in journals()}
    done = [answer for answer in answers if answer.journal]
    refused = [answer for answer in answers if not answer.journal]
    return {
        "overspent_cents": int(max(Decimal(0), -left) * 100),
        "lost": sum(there.get(answer.key) != (answer.journal, [answer.amount]) for answer in done),
        "double": sum(len(entries) > 1 for _, entries in there.values())
        + len(journals())
        - len(there)
        + first_answers_too_many(done),
        "phantoms": len(there.keys() - {answer.key for answer in done}),
        # What is held only grows: what would fit at the end would have fitted then.
        "refused_wrongly": sum(answer.amount <= left for answer in refused),
        "requests": len(answers),
        "held": len(there),
        "refused": len(refused),
        "duplicates": len(answers) - len({answer.key for answer in answers}),
        "cut": sum(answer.unsure for answer in answers),
        "cut_but_done": sum(answer.unsure and answer.repeat for answer in done),
        **ground.faults_of_ledger(),
    }


def first_answers_too_many(done: list[Answer]) -> int:
    """Return how often a key was told to be new more than once. None may be, where the one that was new was cut."""
    news = Counter(answer.key for answer in done if not answer.repeat)
    return sum(count - 1 for count in news.values())


def journals() -> list[tuple[str, int, list[Decimal]]]:
    """Return the key, the number and the amounts held of each journal that a spender posted."""
    found = Journal.objects.filter(kind="reserve").prefetch_related("entries")
    return [(journal.key, journal.pk, [entry.amount for entry in journal.entries.all()]) for journal in found]
