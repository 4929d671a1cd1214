"""What changed in a request since whoever looks at it decided on it."""

from dataclasses import dataclass, field

from approvals.models import Decision
from approvals.rules.changes import Change, changes_between
from approvals.selectors.stories import Story
from core.models import User


@dataclass(frozen=True)
class Since:
    """Old and new side by side, and since when. Without changes there is nothing to show."""

    changes: list[Change] = field(default_factory=list)
    round: int | None = None
    words: str = ""


def since_decided(person: User, story: Story, *, number: int) -> Since:
    """Return what differs between round `number` and the one in which `person` decided last, or the one before it.

    An approval that only stands from an earlier round was not looked at again, so it counts as of then.
    """
    own = [each for each in story.decisions if each.round < number and _is_by(person, each)]
    last = max(own, key=lambda each: each.round, default=None)
    base = last.round if last else number - 1
    found = {each.number: each for each in story.rounds}
    before, after = found.get(base), found.get(number)
    if before is None or after is None:
        return Since()
    moment = last.decided_at if last else before.ended_at or before.submitted_at
    files = [Change("Attached", "", file.name) for file in story.attachments if file.uploaded_at >= moment]
    words = f"since you decided in round {base}" if last else "since the round before"
    return Since(changes_between(before.content, after.content) + files, base, words)


def _is_by(person: User, decision: Decision) -> bool:
    is_own = person.pk in {decision.person_id, decision.on_behalf_of_id}
    return is_own and decision.voided_at is None and decision.stands_from_id is None
