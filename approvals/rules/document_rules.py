"""From a policy's document to what routing, proof and limits read. Pure."""

from typing import Any

from approvals.rules.bands import range_between
from approvals.rules.document import PolicyDocument, RolePart, RulePart, StagePart, groups_of
from approvals.rules.document_limits import RiskPart
from approvals.rules.document_types import NEXT_MEETING
from approvals.rules.limits import Limit
from approvals.rules.owners import OwnerKind, owner_of
from approvals.rules.proof import AcceptedGap, Scheme
from approvals.rules.regions import Region, region
from approvals.rules.risk import Weights
from approvals.rules.routing import Rule, StageSpec
from approvals.rules.sla import (
    DEFAULT_QUESTION_PAUSE,
    DEFAULT_UNDO_WINDOW,
)
from approvals.rules.tags import marks_of


def rules_of(document: PolicyDocument) -> list[Rule]:
    """Return the rules of a document in the shape that routing reads."""
    return [_rule(document, position, part) for position, part in enumerate(document.rules, start=1)]


def schemes_of(document: PolicyDocument) -> list[Scheme]:
    """Return the other schemes that a document states."""
    return [
        Scheme(each.name, tuple(_rule(document, position, part) for position, part in enumerate(each.rules, start=1)))
        for each in document.also_stated
    ]


def accepted_gaps_of(document: PolicyDocument) -> list[AcceptedGap]:
    """Return the gaps that a document accepts by name, and what it lets people do at once."""
    found = []
    for gap in document.accepted_gaps:
        amounts = range_between(gap.lower, gap.upper, gap.from_ is not None, gap.up_to is not None)
        if amounts:
            found.append(AcceptedGap(gap.name, gap.kind, region(amounts, *gap.risk_bounds, gap.emergency)))
    at_once = range_between(None, document.move_at_once_up_to, False, True) if document.move_at_once_up_to else None
    moves = [code for code, part in document.kinds.items() if part.subject == "virement"] if at_once else []
    return [*found, *(AcceptedGap("moved at once by who keeps both lines", kind, Region(at_once)) for kind in moves if at_once)]


def limits_of(document: PolicyDocument) -> list[Limit]:
    """Return the limits of a document, each with the stage that it adds."""
    found = []
    for part in document.limits or ():
        needs = None
        if part.above_needs and part.sla:
            stage = StagePart(role=part.above_needs, sla=part.sla)
            needs = _spec(
                document, stage, part.above_needs, number=0, group=0, sla=part.sla, escalate_after=document.escalate_after
            )
        found.append(Limit(part.what, part.amount, needs))
    return found


def weights_of(document: PolicyDocument) -> Weights:
    """Return what each sign of risk is worth by a document; what it leaves out is as usual."""
    said: dict[str, Any] = {}
    for name in RiskPart.model_fields:
        sign = getattr(document.risk, name) if document.risk else None
        for field in type(sign).model_fields if sign else ():
            value = getattr(sign, field)
            if value is not None:
                said[name if field == "points" else f"{name}_{field.strip('_')}"] = value
    return Weights(**said)


def _rule(document: PolicyDocument, position: int, part: RulePart) -> Rule:
    measure = document.kinds[part.kind].measure
    return Rule(
        position=position,
        name=part.name or _named(document, part),
        kind=part.kind,
        measure=measure,
        lower=part.lower,
        lower_included=part.from_ is not None,
        upper=part.upper,
        upper_included=part.up_to is not None,
        cost_centre_code=part.cost_centre,
        category_code=part.category,
        vendor_code=part.vendor,
        tags=marks_of(part.tags or {}),
        risk_from=part.risk_bounds[0],
        risk_up_to=part.risk_bounds[1],
        emergency=part.emergency,
        is_automatic=bool(part.automatic),
        follow_up=part.then,
        stages=tuple(_stages(document, part)),
    )


def _named(document: PolicyDocument, part: RulePart) -> str:
    words = {"over": part.over, "from": part.from_, "up to": part.up_to, "below": part.below}
    said = [f"{word} {bound:,}" for word, bound in words.items() if bound is not None]
    if part.risk:
        said.append(f"risk {part.risk.from_ or 0} to {100 if part.risk.up_to is None else part.risk.up_to}")
    said += [f"{key}={value}" for key, value in sorted((part.tags or {}).items())]
    if part.emergency is not None:
        said.append("in an emergency" if part.emergency else "without an emergency")
    return " ".join([document.kinds[part.kind].name, *said])[:200]


def _stages(document: PolicyDocument, part: RulePart) -> list[StageSpec]:
    specs: list[StageSpec] = []
    for group, stages in enumerate(groups_of(part), start=1):
        for stage, word in stages:
            said = {"sla": part.sla or "", "escalate_after": part.escalate_after or document.escalate_after}
            specs.append(_spec(document, stage, word, number=len(specs) + 1, group=group, **said))
    return specs


def _spec(
    document: PolicyDocument, stage: StagePart, word: str, *, number: int, group: int, sla: str, escalate_after: str
) -> StageSpec:
    role = document.roles[stage.role] if stage.role else None
    by_meeting = stage.sla == NEXT_MEETING
    return StageSpec(
        number=number,
        group=group,
        name=_stage_name(stage, role, word),
        role_code=word,
        backup_role_code=stage.backup or (role.backup if role else None) or "",
        quorum="committee" if stage.committee else str(stage.quorum),
        sla=sla if by_meeting or not stage.sla else stage.sla,
        escalate_after=stage.escalate_after or escalate_after,
        warn_after=stage.warn_after or "",
        question_pause=_pause(stage.question_pause or document.question_pause or DEFAULT_QUESTION_PAUSE),
        by_meeting=by_meeting,
        undo_window=next(said for said in (stage.undo_window, document.undo_window, DEFAULT_UNDO_WINDOW) if said is not None),
    )


def _pause(said: str) -> str:
    return "" if said == "none" else said


def _stage_name(stage: StagePart, role: RolePart | None, word: str) -> str:
    if role is not None:
        return stage.name or role.name
    owner = owner_of(word)
    if owner.kind is OwnerKind.MANAGER:
        name = stage.name or "Manager"
        return name if owner.step == 1 else f"{name}, step {owner.step}"
    return stage.name or (owner.code if owner.kind is OwnerKind.PERSON else owner.code.replace("_", " ").capitalize())
