"""What the ledger's functions refuse, as refusals with a sentence and a remedy."""

import json
from datetime import date
from typing import Any, NoReturn

from django.db import DatabaseError

from budgets.rules import sentences
from core.errors import ClosedPeriod, InvalidInput, Missing, NoFunds, Refusal, Stale, WrongState

NUMBER_OUT_OF_RANGE = "22003"


def refuse(error: DatabaseError) -> NoReturn:
    """Raise the refusal that a ledger function's SQLSTATE stands for; where it is none, the error goes on as it is."""
    diag = getattr(error.__cause__, "diag", None)
    state = getattr(diag, "sqlstate", None)
    if state == "23505" and diag is not None and "reverses" in (diag.constraint_name or ""):
        raise WrongState("This journal was reversed before.", remedy="Look at its reversal.", code="already_reversed") from error
    if state == NUMBER_OUT_OF_RANGE:
        raise InvalidInput(
            "The sum is larger than the books hold.", remedy="Split it over months.", code="invalid_amount"
        ) from error
    make = _REFUSALS.get(state or "")
    if make is None or diag is None:
        raise error
    raise make(json.loads(diag.message_detail or "{}")) from error


def _no_funds(details: dict[str, Any]) -> Refusal:
    message, remedy = sentences.no_funds(details)
    return NoFunds(message, remedy=remedy, details=details)


def _closed(details: dict[str, Any]) -> Refusal:
    message, remedy = sentences.closed_period(date.fromisoformat(details["month"]), details["state"])
    return ClosedPeriod(message, remedy=remedy, details=details)


def _missing_account(details: dict[str, Any]) -> Refusal:
    return Missing(
        "An entry names no account of this entity.", remedy="Choose a budget line.", code="missing_account", details=details
    )


def _no_rate(details: dict[str, Any]) -> Refusal:
    return Missing(
        f"There is no exchange rate for {details['currency']} on {details['day']}.",
        remedy="Ask finance to state one that is valid on that day or before.",
        code="missing_rate",
        details=details,
    )


def _settled(details: dict[str, Any]) -> Refusal:
    message, remedy = sentences.settled(details)
    return WrongState(message, remedy=remedy, code="settled", details=details)


def _kept_back(details: dict[str, Any]) -> Refusal:
    message, remedy = sentences.kept_back(details)
    return WrongState(message, remedy=remedy, code="reserve", details=details)


def _conflict(details: dict[str, Any]) -> Refusal:
    return Stale(
        "This was posted before with other content.",
        remedy="Look at what was posted, then start anew if it is wrong.",
        code="idempotency_conflict",
        details=details,
    )


def _invalid(details: dict[str, Any]) -> Refusal:
    if details.get("what") == "conserve":
        return InvalidInput(
            "What is taken from one place and what is given to another differ, or are in different currencies.",
            remedy="Let each bucket's entries add up to zero, in one currency.",
            code="not_conserved",
            details=details,
        )
    return InvalidInput(
        "The entries do not say something that can be posted.",
        remedy="Give each an account, an open month, a bucket and an amount to the cent.",
        details=details,
    )


_REFUSALS = {
    "PU402": _no_funds,
    "PU404": _missing_account,
    "PU405": _kept_back,
    "PU406": _no_rate,
    "PU409": _conflict,
    "PU410": _settled,
    "PU422": _invalid,
    "PU423": _closed,
}
