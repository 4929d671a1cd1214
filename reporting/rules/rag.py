"""Red, amber, green: how a variance stands to the threshold that someone must answer for."""

from decimal import Decimal
from enum import StrEnum

GREEN_UP_TO = Decimal(80)
YELLOW_UP_TO = Decimal(100)


class Status(StrEnum):
    """The status of a variance. `UNSET` says that nobody has set a threshold; it is not a good sign."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNSET = "unset"


TONES = {Status.GREEN: "good", Status.YELLOW: "watch", Status.RED: "bad", Status.UNSET: "hold"}
WORDS = {Status.GREEN: "On track", Status.YELLOW: "Watch", Status.RED: "Act", Status.UNSET: "No threshold"}
SEVERITY = {Status.RED: 3, Status.YELLOW: 2, Status.GREEN: 1, Status.UNSET: 0}


def status_of(variance: Decimal, threshold: Decimal | None) -> Status:
    """Return green up to 80 % of the threshold, yellow up to 100 %, red above; compared unrounded.

    Both amounts are in one currency. A favourable variance counts like an unfavourable one: a plan missed by much
    needs an explanation either way. Without a threshold the status is unset.
    """
    if threshold is None:
        return Status.UNSET
    used = abs(variance) * 100
    if used <= threshold * GREEN_UP_TO:
        return Status.GREEN
    if used <= threshold * YELLOW_UP_TO:
        return Status.YELLOW
    return Status.RED


def share_of_threshold(variance: Decimal, threshold: Decimal | None) -> Decimal | None:
    """Return |variance| in per cent of the threshold, unrounded; None where there is no threshold to hold it to."""
    if not threshold:
        return None
    return abs(variance) * 100 / threshold


def worst(statuses: list[Status]) -> Status:
    """Return the most severe of several statuses; unset where there is none."""
    return max(statuses, key=SEVERITY.__getitem__, default=Status.UNSET)
