"""Sides held against each other: 4 processes of 4 threads do one side's work, then the other's, slot after slot."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from threading import Event

from config.runtime.logins import Login
from tests.measures.workers import at_once

PROCESSES, THREADS = 4, 4
# Before the first slot connections are made and caches filled; between slots a late statement ends.
READY, PAUSE = 5.0, 0.2
Act = Callable[[], object]
# Given the database, returns what a side does, made ready in the thread that will do it.
Side = Callable[[Login], Act]


@dataclass(frozen=True)
class Course:
    """What every thread does: which side in which slot, and for how long."""

    login: Login
    sides: tuple[Side, ...]
    order: tuple[int, ...]
    seconds: float


def rates_in_turn(login: Login, sides: Sequence[Side], *, seconds: float, pairs: int) -> list[tuple[float, ...]]:
    """Return how often a second each side was done, pair by pair.

    Every other pair begins with the side that came last, so that what grows meanwhile is nobody's advantage.
    """
    forth = tuple(range(len(sides)))
    order = tuple(number for pair in range(pairs) for number in (forth[::-1] if pair % 2 else forth))
    course = Course(login, tuple(sides), order, seconds)
    counts = at_once(run_course, [course] * (PROCESSES * THREADS), login=login, processes=PROCESSES)
    done = [sum(slot) / seconds for slot in zip(*counts, strict=True)]
    pieces = [done[start : start + len(sides)] for start in range(0, len(done), len(sides))]
    return [tuple(piece[::-1] if pair % 2 else piece) for pair, piece in enumerate(pieces)]


def run_course(course: Course) -> list[int]:
    """Be one thread: return how often it did each slot's work. All begin at one moment, and keep to the clock from there."""
    begin = time.monotonic() + READY
    # Trust wants statements to interleave; here threads take turns as they do in the product.
    sys.setswitchinterval(0.005)
    acts = [side(course.login) for side in course.sides]
    for act in acts:
        act()
    if time.monotonic() > begin:
        raise RuntimeError("The sides took too long to get ready: the first slot would have been cut short.")
    length = course.seconds + PAUSE
    return [_slot(acts[number], begin + place * length, course.seconds) for place, number in enumerate(course.order)]


def _slot(act: Act, begin: float, seconds: float) -> int:
    # The slot begins by the clock: threads of other processes count the same seconds.
    Event().wait(max(0.0, begin - time.monotonic()))
    done, end = 0, begin + seconds
    while time.monotonic() < end:
        act()
        done += 1
    return done


def median_rate(rates: Sequence[Sequence[float]], side: int) -> float:
    """Return the median rate of one side."""
    return median(pair[side] for pair in rates)


def median_ratio(rates: Sequence[Sequence[float]], side: int, to: int) -> float:
    """Return the median, over the pairs, of one side's rate to another's in the same pair."""
    return median(pair[side] / pair[to] for pair in rates)
