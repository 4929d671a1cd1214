"""How the votes on a stage stand, and what they come to."""

from dataclasses import dataclass, replace

from approvals.models import Decision, Request, Stage
from approvals.rules.committees import Outcome, outcome_of
from approvals.selectors.delegations import counted, deputies_of
from approvals.selectors.seats import Scope, deciders, scope_of
from core import clock


@dataclass(frozen=True, slots=True)
class Tally:
    """Votes for and against, how many may still vote, how many must approve, and what it comes to."""

    yes: int
    no: int
    open_votes: int
    needed: int
    outcome: Outcome


def tally_of(stage: Stage, request: Request) -> Tally:
    """Return how the votes on a stage stand. The caller holds the request's lock where anything hangs on it."""
    decisions = list(request.decisions.filter(round=stage.round, voided_at__isnull=True))
    said = [decision.verdict for decision in decisions if decision.stage_id == stage.pk]
    yes, no = said.count(Decision.Verdict.APPROVE), said.count(Decision.Verdict.REJECT)
    committee = stage.committee_version
    if committee is None:
        found = outcome_of(needed=stage.needed, yes=yes, no=no, open_votes=0, counts_noes=False, waits_for_chair=False)
        return Tally(yes, no, 0, stage.needed, found)
    barred = counted(decisions, round_number=stage.round) | {request.requester_id}
    left = len(set(stage.members.values_list("person_id", flat=True)) - barred)
    found = outcome_of(
        needed=stage.needed,
        yes=yes,
        no=no,
        open_votes=left,
        counts_noes=committee.counts_noes,
        waits_for_chair=yes >= stage.needed and waits_for_chair(stage, scope_of(request)),
    )
    return Tally(yes, no, left, stage.needed, found)


def waits_for_chair(stage: Stage, scope: Scope) -> bool:
    """Say whether a committee's chair must vote still: they or whoever decides for them can, and have not yet.

    A chair who left, lost the role, or is away with nobody deciding for them holds nothing up.
    """
    if stage.chair is None or stage.chair_id in scope.decided or not stage.members.filter(person_id=stage.chair_id).exists():
        return False
    there = replace(scope, deputies=deputies_of(scope.entity, now=clock.now(), people=[stage.chair.pk]))
    return there.asked(stage.chair) is not None and stage.chair in deciders(stage, there)
