"""Which stages of a request that comes again need not be asked again, and who is asked on the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from approvals.models import Decision, PolicyVersion, Request, Round, Stage, StageMember
from approvals.rules.delegation import lowest
from approvals.rules.grounds import why_not_covered
from approvals.selectors.chains import PlannedStage, Prediction, steps_of, with_clocks
from approvals.selectors.promises import promised
from approvals.selectors.seats import Scope, Seats, deciders, scope_of, seat
from core.errors import Missing
from core.rules.rights import within

CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A stage of the round before that stands, and its approvals in order."""

    stage: Stage
    approvals: tuple[Decision, ...]

    @property
    def people(self) -> set[int]:
        """Whoever approved, and for whom."""
        return {pk for each in self.approvals for pk in (each.person_id, each.on_behalf_of_id) if pk is not None}


@dataclass(frozen=True, slots=True)
class Carrying:
    """What stands, and the seats of all the other stages, by the stages' numbers. Empty: everybody is asked."""

    standing: Mapping[int, Standing] = field(default_factory=dict)
    seats: Mapping[int, Seats] = field(default_factory=dict)


def asks_changed_only(version: PolicyVersion) -> bool:
    """Whether a policy asks those alone again whose approval does not cover what comes again."""
    return bool(version.document.get("reask") == CHANGED)


def what_stands(request: Request, begun: Round, prediction: Prediction) -> Carrying:
    """Return what stands of the round before in the one that has begun. The caller holds the request's lock.

    Nothing stands unless the policy says so, the same rule of the same version routes it, the round before was sent back, whoever
    sent it back is asked again, what is asked for is covered by what was approved and no riskier, and somebody else can still
    decide on every other stage. Of that, a stage stands that was approved, is the same step now, and whose people could all
    approve it today.
    """
    last = request.rounds.filter(number=begun.number - 1, outcome=Round.Outcome.RETURNED).first()
    if last is None or not asks_changed_only(begun.policy_version) or _routes_otherwise(last, begun):
        return Carrying()
    if why_not_covered(last.content, begun.content, same_digest=last.digest == begun.digest):
        return Carrying()
    before = {stage.number: stage for stage in Stage.objects.filter(request=request, round=last.number)}
    planned = {each.spec.number: each for each in prediction.stages}
    sender = next((stage for stage in before.values() if stage.state == Stage.State.RETURNED), None)
    if sender is None or sender.number not in planned or not _is_same(sender, planned[sender.number]):
        return Carrying()
    scope = scope_of(request, decided=())
    found = {number: _standing(before[number], each, scope) for number, each in planned.items() if number in before}
    standing = {number: each for number, each in found.items() if each is not None}
    return _seated(request, standing, prediction.stages) if standing else Carrying()


def would_stand(
    request: Request, content: Mapping[str, Any], prediction: Prediction, *, now: datetime
) -> tuple[Prediction, Sequence[Standing]]:
    """Return the stages that would be asked if a request that was sent back were submitted with this content, and what stands."""
    begun = Round(
        request=request,
        number=request.round + 1,
        content=content,
        policy_version=prediction.policy_version,
        rule_position=prediction.rule.position,
        risk_score=prediction.risk.score if prediction.risk else None,
    )
    carrying = what_stands(request, begun, prediction)
    if not carrying.standing:
        return prediction, ()
    rest = [each for each in prediction.stages if each.spec.number not in carrying.standing]
    seats = [carrying.seats.get(each.spec.number, each.seats) for each in rest]
    asked = with_clocks([each.spec for each in rest], seats, request.entity, now)
    promise = promised(request.entity, steps_of(asked), begun=now)
    stands = tuple(carrying.standing[number] for number in sorted(carrying.standing))
    return replace(prediction, stages=tuple(asked), promise=promise), stands


def _routes_otherwise(last: Round, begun: Round) -> bool:
    """Whether another rule decides, or the risk is higher than those who approved were shown."""
    if last.rule_position is None or last.rule_position != begun.rule_position:
        return True
    if last.policy_version_id != begun.policy_version_id:
        return True
    return begun.risk_score is not None and (last.risk_score is None or begun.risk_score > last.risk_score)


def _is_same(stage: Stage, planned: PlannedStage) -> bool:
    """Whether a stage asks what the planned one does, of the same committee where it is one's."""
    spec, committee = planned.spec, planned.seats.committee
    said = ("number", "group", "name", "role_code", "backup_role_code", "quorum", "by_meeting", "by_limit")
    same = all(getattr(stage, name) == getattr(spec, name) for name in said)
    return same and stage.committee_version_id == (committee.pk if committee else None)


def _standing(stage: Stage, planned: PlannedStage, scope: Scope) -> Standing | None:
    if stage.state != Stage.State.APPROVED or not _is_same(stage, planned) or planned.seats.needed > stage.needed:
        return None
    made = stage.decisions.filter(verdict=Decision.Verdict.APPROVE, voided_at__isnull=True)
    approvals = tuple(made.select_related("person", "on_behalf_of", "delegation").order_by("slot"))
    if len(approvals) < stage.needed or not _could_still(stage, approvals, scope):
        return None
    return Standing(stage, approvals)


def _could_still(stage: Stage, approvals: Sequence[Decision], scope: Scope) -> bool:
    """Whether each of them, and each for whom they did, is here and could approve as much today."""
    known = {user.pk: limit for user, limit in deciders(stage, scope, inactive=True).items()}
    added = StageMember.ever.filter(stage=stage, capacity=StageMember.Capacity.ADDED, person__assignments__entity=scope.entity)
    known |= dict.fromkeys(added.values_list("person_id", flat=True))
    for each in approvals:
        place = each.on_behalf_of or each.decider
        limits = [known.get(place.pk), *([each.delegation.limit] if each.delegation else [])]
        if not each.decider.is_active or place.pk not in known or not within(scope.amount, lowest(limits)):
            return False
    return True


def _seated(request: Request, standing: Mapping[int, Standing], planned: Sequence[PlannedStage]) -> Carrying:
    """Seat the others anew, since whoever stands decides on nothing else; where that leaves a stage to nobody, nothing stands."""
    rest = [each.spec for each in planned if each.spec.number not in standing]
    people = {person for each in standing.values() for person in each.people}
    try:
        seats = seat(rest, scope_of(request, decided=people))
    except Missing:
        return Carrying()
    return Carrying(standing, {spec.number: each for spec, each in zip(rest, seats, strict=True)})
