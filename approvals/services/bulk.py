"""One answer to several stages: each is decided in a transaction of its own, and each says what became of it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError

from approvals.models import Decision, Stage
from approvals.selectors.queue import access_stage_by_id
from approvals.services.decisions import approve_stage, reject_stage
from core.errors import InvalidInput, NotAllowed, NotFound, Refusal, Stale
from core.models import User

logger = logging.getLogger(__name__)
MOST_PICKED = 50
STEPS: dict[str, Callable[..., Decision]] = {"approve": approve_stage, "reject": reject_stage}
WORDS = {"approve": "approved", "reject": "rejected"}


@dataclass(frozen=True, slots=True)
class Pick:
    """A stage, and the digest of what was seen of it."""

    stage_id: int
    digest: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one pick. `stage` is None where there is none that the person may see."""

    stage: Stage | None
    counted: bool
    word: str
    note: str = ""
    decision: Decision | None = None


def answer_many(*, picks: Sequence[Pick], actor: User, verdict: str, comment: str = "") -> list[Answered]:
    """Approve or reject each of `picks` as `actor`, and return what became of each, in their order.

    A refusal of one stops no other. Raises InvalidInput before any is decided: nothing picked, too many, no reason to reject.
    """
    refuse_unfit(picks, verdict, comment)
    return [_answer(pick, actor, verdict, comment) for pick in dict.fromkeys(picks)]


def refuse_unfit(picks: Sequence[Pick], verdict: str, comment: str) -> None:
    """Refuse what cannot be answered as it is, before any of it is. Raises InvalidInput."""
    if verdict not in STEPS:
        raise InvalidInput("Several at once are approved or rejected.", details={"verdict": "Choose Approve or Reject."})
    if not picks:
        raise InvalidInput("Nothing is chosen.", remedy="Choose requests in the list, then answer.")
    if len(picks) > MOST_PICKED:
        raise InvalidInput(f"At most {MOST_PICKED} are answered at once.", remedy="Choose fewer.")
    if verdict == "reject" and not comment.strip():
        sentence = "Say why they are rejected; each requester reads it."
        raise InvalidInput(sentence, details={"comment": sentence})


def _answer(pick: Pick, actor: User, verdict: str, comment: str) -> Answered:
    stage = None
    try:
        stage = access_stage_by_id(actor, pick.stage_id)
        decision = STEPS[verdict](stage_id=stage.pk, actor=actor, digest=pick.digest, comment=comment)
    except Refusal as refusal:
        return Answered(stage, counted=False, word=_word(refusal), note=f"{refusal.message} {refusal.remedy}".strip())
    except DatabaseError:
        # Its own transaction is undone whole. The others have theirs.
        logger.exception("A stage could not be answered among several.", extra={"stage": pick.stage_id})
        return Answered(stage, counted=False, word="not done", note="Nothing of it was kept. Answer it once more.")
    return Answered(stage, counted=True, word="voted against" if decision.is_one_vote else WORDS[verdict], decision=decision)


def _word(refusal: Refusal) -> str:
    words: list[tuple[type[Refusal], str]] = [
        (Stale, "changed meanwhile"),
        (NotFound, "not found"),
        (NotAllowed, "beyond your limit" if refusal.code == "above_limit" else "not yours any more"),
    ]
    return next((word for kind, word in words if isinstance(refusal, kind)), "refused")
