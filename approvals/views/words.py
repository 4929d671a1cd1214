"""Words for clocks and states, as every approvals page writes them."""

from datetime import datetime

from approvals.models import Request, Stage
from core.rules.worktime import Calendar, working_seconds_between

GAP = "\u00a0"
A_MINUTE = 60

# Kind of mark and word for each state of a request; what is merely on its way carries no mark.
REQUEST_STATES: dict[str, tuple[str, str]] = {
    Request.State.DRAFT: ("hold", "Draft"),
    Request.State.SUBMITTED: ("", "Waiting for a decision"),
    Request.State.APPROVED: ("good", "Approved"),
    Request.State.REJECTED: ("bad", "Rejected"),
    Request.State.RETURNED: ("watch", "Sent back"),
    Request.State.WITHDRAWN: ("hold", "Withdrawn"),
}
STAGE_STATES: dict[str, tuple[str, str]] = {
    Stage.State.WAITING: ("", "Not yet its turn"),
    Stage.State.ASSIGNED: ("", "Waiting for a decision"),
    Stage.State.APPROVED: ("good", "Approved"),
    Stage.State.REJECTED: ("bad", "Rejected"),
    Stage.State.RETURNED: ("watch", "Sent back"),
    Stage.State.SKIPPED: ("hold", "No longer needed"),
}


def state_words(states: dict[str, tuple[str, str]], state: str) -> tuple[str, str]:
    """Return the mark and the word of a state."""
    return states.get(state, ("", state))


def business_span(calendar: Calendar, seconds: int) -> str:
    """Write working seconds by their two largest units; a day is as long as the calendar's working day."""
    long = _seconds_of_day(calendar)
    days, rest = divmod(abs(seconds), long)
    hours, minutes = rest // 3600, rest % 3600 // 60
    parts = [f"{number}{GAP}{unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2]) or "under 1 min"


def due_words(calendar: Calendar, *, now: datetime, due_at: datetime | None) -> str:
    """Write how far a deadline is in business time: "Due in 1 d 4 h", "Overdue 2 h 5 min"."""
    if due_at is None:
        return "No due time"
    left = working_seconds_between(calendar, now, due_at)
    if abs(left) < A_MINUTE:
        # Outside working hours the clock stands still: no business time lies between.
        return "Overdue since closing" if due_at < now else "Due at opening"
    return f"{'Overdue' if due_at < now else 'Due in'} {business_span(calendar, left)}"


def _seconds_of_day(calendar: Calendar) -> int:
    opens, closes = calendar.opens, calendar.closes
    return max((closes.hour - opens.hour) * 3600 + (closes.minute - opens.minute) * 60, 3600)
