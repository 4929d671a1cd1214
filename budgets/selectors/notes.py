"""What other rooms have to say on a budget's page: each names its sentences here, so that this room need not know them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from budgets.models import Budget
from core.models import User


@dataclass(frozen=True, slots=True)
class BudgetNote:
    """Something about a budget that waits for somebody: what it is, what comes next, and where, if one sees that."""

    sentence: str
    next_step: str
    url: str = ""
    link: str = ""
    level: str = "watch"


Teller = Callable[[Budget, User], Sequence[BudgetNote]]
_tellers: list[Teller] = []


def notes_by(teller: Teller) -> None:
    """Let `teller` say what a person is to see about a budget. Named once."""
    if teller not in _tellers:
        _tellers.append(teller)


def notes_on(budget: Budget, user: User) -> list[BudgetNote]:
    """Return what the other rooms say to a person about a budget, room by room."""
    return [note for teller in _tellers for note in teller(budget, user)]
