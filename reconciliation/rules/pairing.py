"""What may be applied without a person: only what is unique both ways. Ambiguity counts solutions, it does not pick one."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

L = TypeVar("L", bound=Hashable)
R = TypeVar("R", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Pairing(Generic[L, R]):
    """`sure` pairs have no rival on either side; `unsure` ones have at least one."""

    sure: tuple[tuple[L, R], ...]
    unsure: tuple[tuple[L, R], ...]


def unique_both_ways(pairs: Iterable[tuple[L, R]]) -> Pairing[L, R]:
    """Part candidate pairs into those whose two sides occur in no other pair, and the rest."""
    distinct = list(dict.fromkeys(pairs))
    lefts = Counter(left for left, _ in distinct)
    rights = Counter(right for _, right in distinct)
    sure = tuple(pair for pair in distinct if lefts[pair[0]] == 1 and rights[pair[1]] == 1)
    return Pairing(sure, tuple(pair for pair in distinct if pair not in set(sure)))
