"""What people do to a ledger, sensible or not, drawn by chance: each act asks the ledger and its model the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

from budgets.services.controls import Node, Terms
from core.money import split
from tests.models.both import Both
from tests.models.documents import Asked, Document
from tests.models.journals import PENDING, Journal
from tests.models.pooling import HOLDING
from tests.models.structure import month_of
from tests.models.world import NEVER_OPENED

T = TypeVar("T")
THREADS = ("", "line:1", "line:2", "line:3")
KIND_OF = {"allotted": "allot", "reserved": "reserve", "committed": "commit", "spent": "spend", "paid": "paid"}
LATER = {"reserved": ("committed", "spent"), "committed": ("spent",)}
WINDOWS = ("month", "quarter", "ytd", "year", "life")
TOLERANCES = (Decimal(0), Decimal("0.05"), Decimal("0.1"), Decimal("0.0033"))


class Chance(Protocol):
    """Whoever draws: a generator of random numbers, or a search for counter-examples."""

    def pick(self, options: Sequence[T]) -> T: ...

    def whole(self, low: int, high: int) -> int: ...


class Acts:
    """The acts. Amounts lie about `size` units: what of it fits is for the history to show."""

    def __init__(self, both: Both, months: Sequence[date], size: int = 100) -> None:
        self.both, self.months, self.size = both, months, size
        self.documents: list[Document] = []

    def ask(self, chance: Chance, bucket: str) -> str:
        """Hold or spend money: one to three lines of a document."""
        lines = [self._line(chance, bucket) for _ in range(chance.whole(1, 3))]
        return self._post(Document(self._key(), KIND_OF[bucket], tuple(lines)))

    def let_pass(self, chance: Chance) -> str:
        """Post what passes every stop: a fact, or an override."""
        fact = chance.pick((True, True, False))
        bucket = chance.pick(("spent", "reserved", "allotted"))
        line = self._line(chance, bucket, sign=chance.pick((1, 1, -1)))
        return self._post(Document(self._key(), KIND_OF[bucket], (line,), is_fact=fact, is_override=not fact))

    def allot(self, chance: Chance) -> str:
        """Allot more or less, for a few months at once."""
        first, sign = self._line(chance, "allotted"), chance.pick((1, 1, 1, -1))
        span = self.months[chance.whole(0, len(self.months) - 1) :][: chance.whole(1, 4)]
        lines = [replace(first, month=month, amount=first.amount * sign) for month in span]
        return self._post(Document(self._key(), "revise", tuple(lines)))

    def give_back(self, chance: Chance) -> str:
        """Release, or credit: an amount below zero, of whatever there may be."""
        bucket = chance.pick(HOLDING)
        return self._post(Document(self._key(), "release", (self._line(chance, bucket, sign=-1),)))

    def follow(self, chance: Chance) -> str:
        """Settle a journal: all of a hold, a part, or more than there is; into what comes next, or back."""
        journal = self._pending(chance)
        if journal is None:
            return self.ask(chance, "reserved")
        left = self.both.model.journals.left_of(journal)
        account, bucket, thread = chance.pick(sorted(left))
        cents = self._part(chance, left[account, bucket, thread])
        month = month_of(chance.pick([line.month for line in journal.lines]))
        taken = Asked(account, month, bucket, Decimal(-cents) / 100, thread)
        later = self._later(chance, taken) if chance.pick((True, True, False)) else []
        kind = KIND_OF[later[0].bucket] if later else "release"
        settles = chance.pick((journal.key, journal.key, journal.key, ""))
        return self._post(Document(self._key(), kind, (taken, *later), settles=settles))

    def _later(self, chance: Chance, taken: Asked) -> list[Asked]:
        """Return what a hold becomes: the same amount or another one, in its month or another, in one piece or in three."""
        into = chance.pick(LATER[taken.bucket])
        amount = -taken.amount + chance.pick((Decimal(0), Decimal(0), Decimal(0), Decimal("0.01"), -taken.amount))
        month = chance.pick((taken.month, taken.month, self._month(chance)))
        pieces = [amount] if amount < 1 or chance.pick((True, False)) else split(amount, [Decimal(1)] * 3, currency="EUR")
        return [replace(taken, bucket=into, month=month, amount=piece) for piece in pieces]

    def take_back(self, chance: Chance) -> str:
        """Give a settled hold back by hand, settle nothing of it, or settle a journal that is not there."""
        journal = self._pending(chance)
        line = self._line(chance, "reserved", sign=chance.pick((1, -1)))
        if journal is None:
            return self._post(Document(self._key(), "release", (line,), settles="no such journal"))
        if chance.pick((True, True, False)):
            account, bucket, thread = chance.pick(sorted(journal.held()))
            line = Asked(account, line.month, bucket, line.amount, thread)
        return self._post(Document(self._key(), "release", (line,), settles=journal.key))

    def move_hold(self, chance: Chance) -> str:
        """Move a hold to another month, saying so or not."""
        journal = self._pending(chance)
        if journal is None:
            return self.ask(chance, "reserved")
        line = chance.pick([line for line in journal.lines if line.bucket in PENDING])
        there = Asked(line.account, month_of(line.month), line.bucket, Decimal(line.cents) / 100, line.thread)
        lines = (replace(there, amount=-there.amount), replace(there, month=self._month(chance)))
        return self._post(Document(self._key(), "move", lines, settles=chance.pick(("", journal.key))))

    def allot_and_hold(self, chance: Chance) -> str:
        """Allot and hold in one document: more is held than allotted, by less than a tolerance, or by more."""
        line = self._line(chance, "allotted")
        more = line.amount * chance.pick((Decimal(1), Decimal("1.03"), Decimal("1.2")))
        hold = replace(line, bucket="reserved", amount=more.quantize(Decimal("0.01")))
        return self._post(Document(self._key(), "opening", (line, hold)))

    def shift(self, chance: Chance) -> str:
        """Take from one place what another gets: so much, or a cent more, in one currency or in two."""
        kind, bucket = chance.pick(
            (("transfer", "allotted"), ("carry", "allotted"), ("move", "reserved"), ("move", "committed"), ("recode", "spent"))
        )
        line = self._line(chance, bucket)
        other = self._line(chance, bucket)
        to = replace(line, account=line.account if kind == "move" else other.account, month=other.month)
        to = replace(to, amount=to.amount + chance.pick((Decimal(0),) * 5 + (Decimal("0.01"),)))
        passes = kind == "recode" or chance.pick((False, False, True))
        return self._post(Document(self._key(), kind, (replace(line, amount=-line.amount), to), is_fact=passes))

    def reverse(self, chance: Chance) -> str:
        """Reverse a journal: any, once more, or one that is not there."""
        journal = self._pending(chance) if chance.pick((True, False)) else self._journal(chance)
        named = journal.key if journal and chance.whole(0, 20) else "no such journal"
        return self.both.reverse(self._key() if chance.whole(0, 9) else f"again {named}", named)

    def repeat(self, chance: Chance) -> str:
        """Say something again under its key: the same, or not quite."""
        if not self.documents:
            return ""
        document = chance.pick(self.documents)
        first = document.lines[0]
        changed = replace(document, lines=(replace(first, amount=first.amount + 1), *document.lines[1:]))
        passing = replace(document, is_fact=not document.is_fact, is_override=False)
        return self.both.post(chance.pick((document, document, changed, passing)))

    def nonsense(self, chance: Chance) -> str:
        """Ask for what cannot be posted."""
        line = self._line(chance, "reserved")
        amounts = ("0", "0.001", "1e15", "-1e15", "NaN", "Infinity", "1e400")
        lines = chance.pick(
            (
                *((replace(line, amount=Decimal(amount)),) for amount in amounts),
                (replace(line, bucket="pocket"),),
                (replace(line, month=line.month.replace(day=2)),),
                (replace(line, month=NEVER_OPENED),),
                (line, replace(line, account=0)),
                (replace(line, account=self.both.world.unrated.pk),),
                (),
            )
        )
        return self.both.post(
            Document(chance.pick((*[self._key()] * 5, "")), chance.pick(("reserve", "reserve", "reserve", "gift")), lines)
        )

    def close_or_reopen(self, chance: Chance) -> None:
        month = chance.pick((*self.months, NEVER_OPENED))
        if chance.pick((True, False, False)):
            self.both.close(month)
        else:
            self.both.reopen(month)

    def state_rate(self, chance: Chance) -> None:
        """State a rate: from today or before, seldom from tomorrow."""
        day = self.both.model.today - timedelta(days=chance.pick((0, 1, 30, 30, 365, -1)))
        self.both.state_rate(day, Decimal(chance.pick(("1", "1.1", "0.9137", "1.23456789", "137.5", "0.0071"))))

    def set_control(self, chance: Chance) -> None:
        """State a control on any node: a limit of its own or the roll-up, for whatever window."""
        own = chance.pick((None, None, Decimal(chance.whole(0, self.size * 400)) / 100))
        mode = chance.pick(("stop", "stop", "stop", "warn", "track"))
        terms = Terms(mode, chance.pick(WINDOWS), chance.pick(TOLERANCES), own)
        self.both.set_control(self._node(chance), terms, force=chance.pick((True, False)))

    def remove_control(self, chance: Chance) -> None:
        self.both.remove_control(chance.pick([control.id for control in self.both.model.structure.controls]))

    def move_centre(self, chance: Chance) -> None:
        centres = self.both.world.centres
        self.both.move(chance.pick(centres[1:]), chance.pick((None, *centres)))

    def _node(self, chance: Chance) -> Node:
        world = self.both.world
        if chance.pick((True, False, False)):
            return Node(account=chance.pick(world.accounts))
        return Node(
            budget=chance.pick((None, *world.budgets)),
            cost_centre=chance.pick((None, *world.centres)),
            category=chance.pick((None, *world.categories)),
        )

    def _post(self, document: Document) -> str:
        self.documents.append(document)
        return self.both.post(document)

    def _key(self) -> str:
        return f"{self.both.world.entity.code} {self.both.answers.total()}"

    def _journal(self, chance: Chance) -> Journal | None:
        journals = self.both.model.journals.all
        return chance.pick(journals[-30:]) if journals else None

    def _pending(self, chance: Chance) -> Journal | None:
        """Return one of the newest journals that hold something for later; None where there is none."""
        pending = [journal for journal in self.both.model.journals.all if journal.held()][-12:]
        return chance.pick(pending) if pending else None

    def _line(self, chance: Chance, bucket: str, *, sign: int = 1) -> Asked:
        account = chance.pick(self.both.world.accounts).pk
        cents = chance.pick((chance.whole(1, 9), chance.whole(10, self.size * 100), chance.whole(10, self.size * 100)))
        return Asked(account, self._month(chance), bucket, sign * Decimal(cents) / 100, chance.pick(THREADS))

    def _month(self, chance: Chance) -> date:
        return chance.pick(self.months)

    def _part(self, chance: Chance, left: int) -> int:
        """Return how much to take of what is left, in cents: all, a part, or a cent too much."""
        return max(1, chance.pick((left, left, left, left // 3, left // 2, left + 1)))


def begin(both: Both, months: Sequence[date], chance: Chance, *, size: int = 100) -> None:
    """State a first rate and controls over both currencies, and allot something to every account in every month."""
    both.state_rate(both.model.today - timedelta(days=900), Decimal("1.1"))
    west, east = both.world.centres[1:3]
    both.set_control(Node(), Terms("stop", "life"), force=False)
    both.set_control(Node(cost_centre=west), Terms("stop", "month", TOLERANCES[1]), force=False)
    both.set_control(Node(cost_centre=west), Terms("stop", "ytd", own_limit=Decimal(size * 120)), force=False)
    both.set_control(Node(cost_centre=east), Terms("stop", "year", TOLERANCES[2]), force=False)
    both.set_control(Node(category=both.world.categories[0]), Terms("stop", "quarter"), force=False)
    for account in both.world.accounts:
        lines = [Asked(account.pk, month, "allotted", Decimal(chance.whole(size // 2, size * 2))) for month in months]
        both.post(Document(f"first of {account.pk}", "allot", tuple(lines)))
    _limit_closely(both, Node(budget=both.world.budgets[0], cost_centre=west), size)


def _limit_closely(both: Both, node: Node, size: int) -> None:
    """Give a node a limit of its own for the year that lets it be allotted a little more in its fullest one."""
    both.set_control(node, Terms("stop", "year"), force=False)
    control = both.model.structure.controls[-1]
    most = max(stand.allotted for stand in both.model.books.stands(control))
    both.set_control(node, Terms("stop", "year", own_limit=Decimal(most) / 100 + size), force=False)
