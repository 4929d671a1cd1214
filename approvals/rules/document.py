"""A policy as a document: what may stand in it, checked before anything is stored. Pure."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.functional_validators import AfterValidator

from approvals.rules.bands import Range, range_between
from approvals.rules.proof import AcceptedGap, Scheme
from approvals.rules.routing import Rule, StageSpec
from approvals.rules.sla import DEFAULT_ESCALATION, DEFAULT_QUESTION_PAUSE, parse_span

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
Words = Annotated[str, Field(min_length=1, max_length=200)]


def _span(text: str) -> str:
    return str(parse_span(text))


def _amount(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError("put amounts with decimals in quotes, so that none is rounded on the way")
    return value


Span = Annotated[str, AfterValidator(_span)]
QuestionPause = Literal["none"] | Span
Bound = Annotated[Decimal, BeforeValidator(_amount), Field(ge=0, max_digits=18, decimal_places=2)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RolePart(_Part):
    """A role that decides. It is added where the organization has none of that code."""

    name: Words
    kind: Literal["requester", "approver", "finance", "executive"] = "approver"
    backup: Code | None = Field(default=None, description="The role that is added when the owner lets the clock run out.")


class KindPart(_Part):
    """A kind of request."""

    name: Words
    subject: Code = Field(default="spend", description="What approving it does.")
    measure: Literal["amount", "monthly_increase"] = Field(default="amount", description="What the bounds are held against.")


class StagePart(_Part):
    """A stage, where its role alone does not say enough."""

    role: Code
    name: Words | None = None
    quorum: Literal["owner", "any", "all"] | Annotated[int, Field(ge=1, le=99)] = "owner"
    backup: Code | None = None
    sla: Span | None = None
    escalate_after: Span | None = None
    warn_after: Span | None = None
    question_pause: QuestionPause | None = None


class SideBySide(_Part):
    """Stages that run at the same time."""

    side_by_side: list[Code | StagePart] = Field(min_length=2)


class BandPart(_Part):
    """Amounts from a lower to an upper bound: `over` and `below` leave the bound out, `from` and `up_to` take it in."""

    over: Bound | None = None
    from_: Bound | None = Field(default=None, alias="from")
    up_to: Bound | None = None
    below: Bound | None = None

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        if self.over is not None and self.from_ is not None:
            raise ValueError("give `over` or `from`, not both")
        if self.up_to is not None and self.below is not None:
            raise ValueError("give `up_to` or `below`, not both")
        if self.lower is not None and self.upper is not None and self.upper < self.lower:
            raise ValueError("the upper bound is below the lower one")
        return self

    @property
    def lower(self) -> Decimal | None:
        """The lower bound; None where it is open."""
        return self.over if self.over is not None else self.from_

    @property
    def upper(self) -> Decimal | None:
        """The upper bound; None where it is open."""
        return self.up_to if self.up_to is not None else self.below


class GapPart(BandPart):
    """A gap in the matrix that is known and meant: a request that falls in it is refused."""

    name: Words
    kind: Code


class RulePart(BandPart):
    """A line of the matrix. The first that matches decides."""

    name: Words | None = None
    kind: Code
    cost_centre: Annotated[str, Field(max_length=40)] = ""
    category: Annotated[str, Field(max_length=60)] = ""
    vendor: Annotated[str, Field(max_length=60)] = ""
    stages: list[Code | StagePart | SideBySide] = Field(min_length=1)
    sla: Span
    escalate_after: Span | None = None
    then: Annotated[str, Field(max_length=200)] = Field(default="", description="What follows the decision.")


class SchemePart(_Part):
    """Another statement of who decides, such as a table of authorities, that the rules should agree with."""

    name: Words
    rules: list[RulePart] = Field(min_length=1)


class PolicyDocument(_Part):
    """Who decides on what, by when, and who steps in."""

    code: Code
    name: Words
    entity: str | None = Field(default=None, description="The code of the entity it is for, where the command names none.")
    cost_centre: str | None = Field(default=None, description="The subtree it is for; none means the whole entity.")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    contact: Code = Field(description="The role to ask where no rule applies or nobody can decide.")
    escalate_after: Span = DEFAULT_ESCALATION
    question_pause: QuestionPause | None = Field(
        default=None,
        description=f"For how long a question stops a stage's clock at most: `{DEFAULT_QUESTION_PAUSE}` where nothing is said, "
        "`none` where the clock runs on.",
    )
    note: str = ""
    roles: dict[Code, RolePart]
    kinds: dict[Code, KindPart]
    rules: list[RulePart] = Field(min_length=1)
    accepted_gaps: list[GapPart] = Field(default_factory=list)
    also_stated: list[SchemePart] = Field(
        default_factory=list,
        description="Other schemes. They route nothing; the proof says where they disagree.",
    )

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        named = {self.contact} | {part.backup for part in self.roles.values() if part.backup}
        stated = [*self.rules, *(rule for scheme in self.also_stated for rule in scheme.rules)]
        for rule in stated:
            stages = [stage for group in _groups(rule) for stage in group]
            named |= {stage.role for stage in stages} | {stage.backup for stage in stages if stage.backup}
        if unknown := sorted(named - set(self.roles)):
            raise ValueError(f"roles does not list {', '.join(unknown)}")
        kinds = {rule.kind for rule in stated} | {gap.kind for gap in self.accepted_gaps}
        if unknown := sorted(kinds - set(self.kinds)):
            raise ValueError(f"kinds does not list {', '.join(unknown)}")
        return self


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
    """Return the gaps that a document accepts by name."""
    return [AcceptedGap(gap.name, gap.kind, found) for gap in document.accepted_gaps if (found := _range(gap))]


def _range(part: BandPart) -> Range | None:
    return range_between(part.lower, part.upper, part.from_ is not None, part.up_to is not None)


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
        follow_up=part.then,
        stages=tuple(_stages(document, part)),
    )


def _named(document: PolicyDocument, part: RulePart) -> str:
    words = {"over": part.over, "from": part.from_, "up to": part.up_to, "below": part.below}
    bounds = " ".join(f"{word} {bound:,}" for word, bound in words.items() if bound is not None)
    return f"{document.kinds[part.kind].name} {bounds}".strip()


def _stages(document: PolicyDocument, part: RulePart) -> list[StageSpec]:
    specs: list[StageSpec] = []
    for group, stages in enumerate(_groups(part), start=1):
        for stage in stages:
            specs.append(_spec(document, part, stage, number=len(specs) + 1, group=group))
    return specs


def _spec(document: PolicyDocument, part: RulePart, stage: StagePart, *, number: int, group: int) -> StageSpec:
    role = document.roles[stage.role]
    sla = stage.sla or part.sla
    return StageSpec(
        number=number,
        group=group,
        name=stage.name or role.name,
        role_code=stage.role,
        backup_role_code=stage.backup or role.backup or "",
        quorum=str(stage.quorum),
        sla=sla,
        escalate_after=stage.escalate_after or part.escalate_after or document.escalate_after,
        warn_after=stage.warn_after or "",
        question_pause=_pause(stage.question_pause or document.question_pause or DEFAULT_QUESTION_PAUSE),
    )


def _pause(said: str) -> str:
    return "" if said == "none" else said


def _groups(part: RulePart) -> list[list[StagePart]]:
    groups = []
    for item in part.stages:
        members = item.side_by_side if isinstance(item, SideBySide) else [item]
        groups.append([StagePart(role=member) if isinstance(member, str) else member for member in members])
    return groups


def sentences(error: list[Any]) -> dict[str, str]:
    """Return pydantic's complaints as {place in the document: sentence}."""
    return {
        ".".join(str(part) for part in problem["loc"]) or "document": re.sub(r"^Value error, ", "", problem["msg"])
        for problem in error
    }
