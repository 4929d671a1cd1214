"""Who will decide, why, and by when, before anything is submitted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from approvals.data import LineData, RequestData
from approvals.models import PolicyVersion, Request
from approvals.rules.routing import TraceStep
from approvals.selectors.carrying import Standing, would_stand
from approvals.selectors.chains import Prediction, predicted_chain
from approvals.selectors.contents import content_asked
from approvals.selectors.facts import read_request
from approvals.selectors.seats import Seats
from approvals.views.story import RiskShown, Step, TraceRule
from approvals.views.typed import Typed
from core import clock
from core.errors import Refusal
from core.models import User

MOST_NAMED = 10


@dataclass(frozen=True)
class Chain:
    """The steps that would follow, or why nobody can be named yet."""

    steps: list[Step] = field(default_factory=list)
    rules: list[TraceRule] = field(default_factory=list)
    risk: RiskShown | None = None
    coming: PolicyVersion | None = None
    error: str = ""
    remedy: str = ""


def chain_of(typed: Typed, person: User, kept: Request | None = None) -> Chain:
    """Return who would decide on what is typed so far; empty until there is a kind, a budget line and an amount.

    Of `kept`, a request that was sent back, it says which approvals would stand.
    """
    read = typed.read
    kind = str(typed.form.data.get("kind", "") or "")
    if not read or not kind or typed.mixed:
        return Chain()
    try:
        data, entity = _enough(typed, kind), read[0].account.entity
        found = predicted_chain(requester=person, entity=entity, data=data)
        standing: Sequence[Standing] = ()
        if kept is not None and kept.state == Request.State.RETURNED:
            asked = read_request(requester=person, entity=entity, data=data, half=True)
            found, standing = would_stand(kept, content_asked(asked, data), found, now=clock.now())
    except Refusal as refusal:
        return Chain(error=refusal.message, remedy=refusal.remedy)
    return chain_from(found, total=sum((line.funds for line in read), Decimal(0)), standing=standing)


def chain_from(found: Prediction, *, total: Decimal, holds: bool = True, standing: Sequence[Standing] = ()) -> Chain:
    """Return a prediction as the page shows it; what is asked for may hold nothing while it is decided."""
    risk = found.risk
    weighed = RiskShown(risk.score, [f"{reason.text} +{reason.points}" for reason in risk.reasons]) if risk else None
    return Chain(_steps(found, standing, total=total, holds=holds), near_rules(found.trace), weighed, found.coming)


def _enough(typed: Typed, kind: str) -> RequestData:
    """Return what routing needs of a request that is still being typed."""
    typed.form.is_valid()
    head = typed.form.cleaned_data
    return RequestData(
        kind=kind,
        title=str(head.get("title") or "Untitled"),
        lines=[
            LineData("Line", line.account.pk, line.month, line.net, line.vat, line.recoverable, line.account.currency)
            for line in typed.read
        ],
        vendor_name=str(head.get("vendor") or ""),
        needed_by=head.get("needed_by"),
        tags=head.get("tags") or {},
        is_emergency=bool(head.get("is_emergency")),
        card_id=head.get("card"),
        contract=head.get("contract") or "",
        monthly_increase=head.get("monthly_increase"),
        particulars=typed.about.typed(),
    )


def _steps(found: Prediction, standing: Sequence[Standing], *, total: Decimal, holds: bool) -> list[Step]:
    steps = [Step(clock.now(), "You submit", f"{total:,.2f} is reserved" if holds else "Nothing is held", now=True)]
    steps += [_stands(each) for each in standing]
    for stage in found.stages:
        backup = f". Backup: {stage.backup}" if stage.backup else ""
        who = stage.name if stage.owner.name.casefold() == stage.name.casefold() else f"{stage.name}: {stage.owner}"
        away = f". {stage.owner} is away: {stage.stand_in} decides for them" if stage.stand_in else ""
        away = f". {stage.owner} is away" if stage.seats.is_away and not away else away
        steps.append(Step(stage.due_at, who, f"{stage.spec.sla}{_several(stage.seats)}{backup}{away}"))
    if found.is_automatic:
        return [*steps, Step(steps[0].at, "The policy approves it at once", f"{found.rule.name}. The money is committed")]
    steps.append(Step(found.due_at, "Due at the latest", found.rule.follow_up))
    promise = found.promise
    if promise is not None and promise.at != found.due_at:
        said = "Nine of ten past decisions came as soon" if promise.by_past else "As past decisions went, where there are enough"
        place = next((n for n, step in enumerate(steps) if step.at and step.at > promise.at), len(steps))
        steps.insert(place, Step(promise.at, "Promised to you by then", said))
    return steps


def _stands(standing: Standing) -> Step:
    """Tell of a stage whose approval covers what is asked for now."""
    who = ", ".join(dict.fromkeys(each.who for each in standing.approvals))
    return Step(standing.stage.decided_at, f"{standing.stage.name}: stands", f"Approved by {who}, not asked again")


def _several(seats: Seats) -> str:
    """Say who else is asked, and how many must approve; nothing where one person decides."""
    if len(seats.members) == 1:
        return ""
    named = ", ".join(person.name for person in seats.members[:MOST_NAMED])
    more = f" and {len(seats.members) - MOST_NAMED} more" if len(seats.members) > MOST_NAMED else ""
    chair = f", {seats.chair} among those who vote" if seats.chair else ""
    return f". {seats.needed} of {len(seats.members)} must approve{chair}: {named}{more}"


def near_rules(trace: tuple[TraceStep, ...]) -> list[TraceRule]:
    """Return the rule that decides and those for the same kind: the ones that a person may wonder about."""
    near = [step for step in trace if step.matched or not step.reason.startswith("It is for")]
    return [TraceRule(step.matched, step.rule, step.reason) for step in near]
