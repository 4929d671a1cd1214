"""Random histories: people's acts in a likely mixture, by a seed, the ledger against its model at each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from django.db import connection

from budgets.rules.months import months_between
from budgets.selectors.as_of import figures_as_of
from tests.models.acts import Acts, begin
from tests.models.both import Both, Differs
from tests.models.documents import BUCKETS
from tests.models.kept import KeptModel
from tests.models.structure import month_of
from tests.models.world import FIRST, LAST, World
from tests.running import until

MIXTURE = {
    "follow": 22,
    "let_pass": 7,
    "allot": 7,
    "give_back": 5,
    "take_back": 5,
    "move_hold": 4,
    "allot_and_hold": 3,
    "shift": 9,
    "reverse": 7,
    "repeat": 4,
    "nonsense": 2,
    "close_or_reopen": 1.5,
    "state_rate": 0.7,
    "set_control": 2,
    "remove_control": 1,
    "move_centre": 0.3,
}
ASKED = {"reserved": 24, "committed": 4, "spent": 6, "paid": 1}
PROVEN_EVERY = 150


class Numbers(Random):
    """Chance as a generator of random numbers draws it."""

    pick = Random.choice
    whole = Random.randint


@dataclass
class History:
    """A history in a world of its own. `moments` are some at which something was posted, to look back to."""

    world: World
    seed: int
    moments: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = Numbers(self.seed)
        self.both = Both(self.world, self.world.model(KeptModel))
        self.months = months_between(FIRST, LAST)
        self.acts = Acts(self.both, self.months)

    @property
    def answers(self) -> Counter[str]:
        return self.both.answers

    def play(self, count: int) -> None:
        """Let `count` things be asked. Raises Differs at the first answer, or stand, in which the two are not the same."""
        begin(self.both, self.months, self.chance, size=25)
        acts = [*MIXTURE, *ASKED]
        for number in range(count):
            act = self.chance.choices(acts, [*MIXTURE.values(), *ASKED.values()])[0]
            if act in ASKED:
                self.acts.ask(self.chance, act)
            else:
                getattr(self.acts, act)(self.chance)
            if number % PROVEN_EVERY == PROVEN_EVERY - 1:
                self._prove()
        self._prove()

    def _prove(self) -> None:
        assert isinstance(self.both.model, KeptModel)
        self.both.model.prove()
        self.both.check_stored()
        last = self.both.model.journals.all[-1].moment
        if last is not None:
            self.moments.append(last)

    def look_back(self) -> int:
        """Hold what stood at past moments against the model; return how many questions that were. Raises Differs.

        Each with what was recorded up to that very moment, and just before it; over all months, and up to one of them.
        What others post meanwhile keeps the newest moments from being read back, for as long as that is under way.
        """
        assert until(lambda: is_settled(self.moments[-1])), "no end to what is under way"
        questions = [question for moment in self.moments for question in self._questions(moment)]
        for at, through in questions:
            self._compare(at, through)
        return len(questions)

    def _questions(self, moment: datetime) -> Iterator[tuple[datetime, date]]:
        yield moment, date(9999, 12, 1)
        yield moment - timedelta(microseconds=1), self.chance.choice(self.months)

    def _compare(self, at: datetime, through: date) -> None:
        found = figures_as_of([account.pk for account in self.world.accounts], moment=at, through=through).by_month
        stored = {place: {bucket: int(getattr(sums, bucket) * 100) for bucket in BUCKETS} for place, sums in found.items()}
        figures = self.both.model.figures(moment=at, through=through)
        modelled = {(account, month_of(month)): sums for (account, month), sums in figures.items()}
        if modelled != stored:
            raise Differs(f"as of {at:%Y-%m-%d %H:%M:%S.%f} to {through:%Y-%m}: the model says {modelled}, the ledger {stored}")


def is_settled(moment: datetime) -> bool:
    """Say whether nothing can be recorded any more in the second of a moment, nor be under way since that second."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT budgets_settled_before() >= %s", [moment.replace(microsecond=0) + timedelta(seconds=1)])
        return bool(cursor.fetchone()[0])
