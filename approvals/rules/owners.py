"""Who owns a stage: whoever holds a role there, a person, a group, one of the requester's managers, or a committee. Pure.

A stage says it in one word: a role's code alone, or what it is and which, such as `committee:budget` or `manager:2`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from approvals.rules.routing import StageSpec

MOST_MANAGERS = 5


class OwnerKind(StrEnum):
    """What sort of owner it is."""

    ROLE = "role"
    PERSON = "person"
    GROUP = "group"
    MANAGER = "manager"
    COMMITTEE = "committee"


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner: a role's code, an e-mail address, a group's or a committee's code, or how many managers up."""

    kind: OwnerKind
    code: str

    @property
    def step(self) -> int:
        """How many managers above the requester; 0 for another kind of owner."""
        return int(self.code) if self.kind is OwnerKind.MANAGER else 0


def owner_of(word: str) -> Owner:
    """Read what a stage says."""
    kind, colon, code = word.partition(":")
    return Owner(OwnerKind(kind), code) if colon else Owner(OwnerKind.ROLE, word)


def word_of(kind: OwnerKind, code: str) -> str:
    """Write an owner as a stage says it."""
    return code if kind is OwnerKind.ROLE else f"{kind}:{code}"


def words_of(word: str) -> str:
    """Say who it is, as part of a sentence."""
    owner = owner_of(word)
    match owner.kind:
        case OwnerKind.ROLE:
            return owner.code.replace("_", " ")
        case OwnerKind.PERSON:
            return owner.code
        case OwnerKind.MANAGER:
            return f"manager {owner.code} above the requester"
        case OwnerKind.GROUP | OwnerKind.COMMITTEE:
            return f"the {owner.kind} {owner.code.replace('_', ' ')}"


def named(word: str) -> str:
    """Say the same where a sentence speaks of who it is: a role by its article."""
    said = words_of(word)
    return f"the {said}" if owner_of(word).kind is OwnerKind.ROLE else said


def chain_above(person: int, managers: Mapping[int, int], *, most: int = MOST_MANAGERS) -> list[int]:
    """Return the managers above a person, the nearest first. It never goes back to where it has been."""
    found: list[int] = []
    seen = {person}
    while len(found) < most:
        above = managers.get(found[-1] if found else person)
        if above is None or above in seen:
            break
        found.append(above)
        seen.add(above)
    return found


def circle_of(person: int, manager: int, managers: Mapping[int, int]) -> list[int]:
    """Return the people of the circle that `manager` above `person` would close, from the person up; empty where none."""
    way = [person]
    above: int | None = manager
    while above is not None and above not in way:
        way.append(above)
        above = managers.get(above)
    return way if above == person else []


def asked_of_chain(stages: Sequence[StageSpec], length: int) -> tuple[StageSpec, ...]:
    """Return the stages that are asked where `length` managers stand above the requester: at least the first of its steps.

    Numbers and groups close up behind those that are left out.
    """
    kept = [stage for stage in stages if owner_of(stage.role_code).step <= max(length, 1)]
    if len(kept) == len(stages):
        return tuple(stages)
    groups = {group: place for place, group in enumerate(dict.fromkeys(stage.group for stage in kept), start=1)}
    return tuple(replace(stage, number=number, group=groups[stage.group]) for number, stage in enumerate(kept, start=1))
