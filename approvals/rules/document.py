"""A policy as a document: what may stand in it, checked before anything is stored. Pure."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from approvals.rules.document_limits import LimitPart, RiskPart, SplitsPart
from approvals.rules.document_types import (
    NEXT_MEETING,
    Address,
    Bound,
    Code,
    Part,
    Pct,
    Percent,
    QuestionPause,
    Seconds,
    Span,
    Words,
    whole_number,
)
from approvals.rules.owners import MOST_MANAGERS, OwnerKind, word_of
from approvals.rules.sla import DEFAULT_ESCALATION, DEFAULT_QUESTION_PAUSE, DEFAULT_UNDO_WINDOW
from approvals.rules.tags import check_tags

# A policy approves spending by itself, and nothing that changes budgets, rules or people.
# A draw on a reserve is decided by the reserve's own approver: a policy may ask nobody besides.
AUTOMATIC_SUBJECTS = frozenset({"spend", "reserve_draw"})


class RolePart(Part):
    """A role that decides. It is added where the organization has none of that code."""

    name: Words
    kind: Literal["requester", "approver", "finance", "executive"] = "approver"
    backup: Code | None = Field(default=None, description="The role that is added when the owner lets the clock run out.")


class KindPart(Part):
    """A kind of request."""

    name: Words
    subject: Code = Field(default="spend", description="What approving it does.")
    measure: Literal["amount", "monthly_increase"] = Field(default="amount", description="What the bounds are held against.")


class StagePart(Part):
    """A stage, where a role's code alone does not say enough. It has one owner."""

    role: Code | None = None
    person: Address | None = Field(default=None, description="One person, by the address that they sign in with.")
    group: Code | None = Field(default=None, description="A group of people that the organization keeps.")
    managers: Annotated[int, Field(ge=1, le=MOST_MANAGERS, strict=True), BeforeValidator(whole_number)] | None = Field(
        default=None, description="The managers above the requester, up to so many steps: a stage for each."
    )
    committee: Code | None = Field(default=None, description="A committee, which votes by its own quorum.")
    name: Words | None = None
    quorum: Literal["owner", "any", "all"] | Annotated[int, Field(ge=1, le=99)] = "owner"
    backup: Code | None = None
    sla: Literal["next meeting"] | Span | None = Field(
        default=None, description="`next meeting`: by a committee's next one, or as the rule says where none is known."
    )
    escalate_after: Span | None = None
    warn_after: Span | None = None
    question_pause: QuestionPause | None = None
    undo_window: Seconds | None = None

    @model_validator(mode="after")
    def _has_one_owner(self) -> Self:
        given = [each for each in (self.role, self.person, self.group, self.managers, self.committee) if each is not None]
        if len(given) != 1:
            raise ValueError("give one of `role`, `person`, `group`, `managers` and `committee`")
        if self.committee is not None and self.quorum != "owner":
            raise ValueError("a committee votes by the quorum that is stated with it; leave `quorum` out")
        if self.sla == NEXT_MEETING and self.committee is None:
            raise ValueError("only a committee's stage is due by its `next meeting`")
        if (self.person is not None or self.managers is not None) and self.quorum != "owner":
            raise ValueError("one person is asked; leave `quorum` out")
        return self

    @property
    def words(self) -> list[str]:
        """Its owners as routing knows them: one, or one for each manager."""
        if self.managers is not None:
            return [word_of(OwnerKind.MANAGER, str(step)) for step in range(1, self.managers + 1)]
        given = {
            OwnerKind.ROLE: self.role,
            OwnerKind.PERSON: self.person,
            OwnerKind.GROUP: self.group,
            OwnerKind.COMMITTEE: self.committee,
        }
        return [word_of(kind, code) for kind, code in given.items() if code is not None]


class SideBySide(Part):
    """Stages that run at the same time."""

    side_by_side: list[Code | StagePart] = Field(min_length=2)


class BandPart(Part):
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


class RiskBand(Part):
    """Risks from a lower to an upper score, both taken in."""

    from_: Percent | None = Field(default=None, alias="from")
    up_to: Percent | None = None

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        if self.from_ is None and self.up_to is None:
            raise ValueError("give `from`, `up_to`, or both")
        if (self.from_ or 0) > (100 if self.up_to is None else self.up_to):
            raise ValueError("the upper bound is below the lower one")
        return self


class RegionPart(BandPart):
    """Amounts, and perhaps risks, or emergencies alone."""

    kind: Code
    risk: RiskBand | None = Field(default=None, description="For these risks alone.")
    emergency: bool | None = Field(default=None, description="true: for emergencies alone; false: for none.")

    @property
    def risk_bounds(self) -> tuple[int | None, int | None]:
        """The bounds of the risk, both taken in; None where they are open."""
        return (self.risk.from_, self.risk.up_to) if self.risk else (None, None)


class GapPart(RegionPart):
    """A gap in the matrix that is known and meant: a request that falls in it is refused."""

    name: Words


class RulePart(RegionPart):
    """A line of the matrix. The first that matches decides."""

    name: Words | None = None
    cost_centre: Annotated[str, Field(max_length=40)] = ""
    category: Annotated[str, Field(max_length=60)] = ""
    vendor: Annotated[str, Field(max_length=60)] = ""
    tags: dict[str, str] | None = Field(default=None, description="For requests that bear all of these tags.")
    automatic: Literal[True] | None = Field(
        default=None,
        description="The policy itself approves, at submission; then there are no stages and there is no sla. A draw on a "
        "reserve is put before the reserve's own approver all the same.",
    )
    stages: list[Code | StagePart | SideBySide] | None = Field(default=None, min_length=1)
    sla: Span | None = None
    escalate_after: Span | None = None
    then: Annotated[str, Field(max_length=200)] = Field(default="", description="What follows the decision.")

    @model_validator(mode="after")
    def _somebody_decides(self) -> Self:
        if self.automatic and (self.stages or self.sla):
            raise ValueError("give `automatic`, or `stages` and `sla`, not both")
        if not self.automatic and not self.stages:
            raise ValueError("say who decides: give `stages` and `sla`, or `automatic: true`")
        if not self.automatic and not self.sla:
            raise ValueError("give `sla`: by when the stages decide")
        check_tags(self.tags or {})
        return self


class SchemePart(Part):
    """Another statement of who decides, such as a table of authorities, that the rules should agree with."""

    name: Words
    rules: list[RulePart] = Field(min_length=1)


class SizePart(Part):
    """The changes of a budget that are of one size, by their share of a category's budget, and the kind they are asked for as."""

    kind: Code
    over_pct: Pct | None = None
    from_pct: Pct | None = None
    up_to_pct: Pct | None = None
    below_pct: Pct | None = None


class AmendmentsPart(Part):
    """When an amendment is minor and when major. The largest share of a category decides; shares are compared unrounded."""

    minor: SizePart
    major: SizePart
    between: Literal["minor", "major"] | None = Field(
        default=None, description="As which a share is treated that is neither by the bounds, such as exactly 10 %."
    )

    @model_validator(mode="after")
    def _nothing_lies_between(self) -> Self:
        least, most = self.bounds
        if self.minor.over_pct or self.minor.from_pct or self.major.up_to_pct or self.major.below_pct:
            raise ValueError("minor has an upper bound and major a lower one, and no other")
        if least > most or (least == most and self.minor.up_to_pct is not None and self.major.from_pct is not None):
            raise ValueError("minor and major share shares")
        if self.has_gap and self.between is None:
            said = f"a share of {self.gap_words} is neither minor nor major"
            raise ValueError(f"{said}: say under `between` as which it is treated")
        return self

    @property
    def bounds(self) -> tuple[Decimal, Decimal]:
        """The upper bound of minor and the lower bound of major, in per cent."""
        upper = self.minor.below_pct if self.minor.below_pct is not None else self.minor.up_to_pct
        lower = self.major.over_pct if self.major.over_pct is not None else self.major.from_pct
        if upper is None or lower is None:
            raise ValueError("minor needs below_pct or up_to_pct, major over_pct or from_pct")
        return upper, lower

    @property
    def has_gap(self) -> bool:
        """Whether a share may be neither."""
        upper, lower = self.bounds
        return upper < lower or (self.minor.up_to_pct is None and self.major.from_pct is None)

    @property
    def gap_words(self) -> str:
        """The shares that are neither, in words."""
        upper, lower = self.bounds
        return f"exactly {upper.normalize():f} %" if upper == lower else f"{upper.normalize():f} to {lower.normalize():f} %"


class PolicyDocument(Part):
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
    undo_window: Seconds | None = Field(
        default=None,
        description=f"For how many seconds whoever decided may take it back: {DEFAULT_UNDO_WINDOW} where nothing is said, "
        "0 for never.",
    )
    reask: Literal["everybody", "changed"] | None = Field(
        default=None,
        description="Whom a request that was sent back is put before again: `everybody` where nothing is said, `changed`: those "
        "alone whose approval does not cover it as it is now, and the stage that sent it back.",
    )
    amendments: AmendmentsPart | None = Field(
        default=None,
        description="Which amendments of a budget are minor and which major. Both kinds have the subject `amendment`.",
    )
    move_at_once_up_to: Bound | None = Field(
        default=None,
        description="Up to which amount budget is moved from line to line without asking, by whoever keeps both. It holds for "
        "kinds whose subject is `virement`.",
    )
    requisition_over: Bound | None = Field(
        default=None,
        description="An expense above this needs an approved request: an invoice that answers none is a finding for finance.",
    )
    effective_from: date | None = Field(
        default=None,
        description="From which day on it is to hold, of the organization's zone; at once where nothing is said.",
    )
    note: str = ""
    roles: dict[Code, RolePart]
    kinds: dict[Code, KindPart]
    rules: list[RulePart] = Field(min_length=1)
    risk: RiskPart | None = Field(default=None, description="What makes a request risky, where it is not as usual.")
    limits: list[LimitPart] | None = Field(default=None, description="What is put before somebody else, or refused, above it.")
    splits: SplitsPart | None = Field(default=None, description="A purchase in parts is routed by its sum.")
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
            stages = [stage for group in groups_of(rule) for stage, _ in group]
            named |= {code for stage in stages for code in (stage.role, stage.backup) if code}
        named |= {limit.above_needs for limit in self.limits or () if limit.above_needs}
        if len({limit.what for limit in self.limits or ()}) != len(self.limits or ()):
            raise ValueError("state each limit once")
        if unknown := sorted(named - set(self.roles)):
            raise ValueError(f"roles does not list {', '.join(unknown)}")
        kinds = {rule.kind for rule in stated} | {gap.kind for gap in self.accepted_gaps}
        sizes = {self.amendments.minor.kind, self.amendments.major.kind} if self.amendments else set()
        if wrong := sorted(code for code in sizes & set(self.kinds) if self.kinds[code].subject != "amendment"):
            raise ValueError(f"amendments names {', '.join(wrong)}, whose subject is not amendment")
        kinds |= sizes
        if unknown := sorted(kinds - set(self.kinds)):
            raise ValueError(f"kinds does not list {', '.join(unknown)}")
        for rule in stated:
            if rule.automatic and self.kinds[rule.kind].subject not in AUTOMATIC_SUBJECTS:
                raise ValueError(f"{rule.kind} is not spending; nothing else is approved automatically")
        return self


def groups_of(part: RulePart) -> list[list[tuple[StagePart, str]]]:
    """Return stages with their owners, group by group. Managers are asked one after the other, or side by side."""
    groups: list[list[tuple[StagePart, str]]] = []
    for item in part.stages or ():
        if isinstance(item, SideBySide):
            groups.append([pair for member in item.side_by_side for pair in _owned(member)])
        else:
            groups += [[pair] for pair in _owned(item)]
    return groups


def _owned(member: str | StagePart) -> list[tuple[StagePart, str]]:
    stage = StagePart(role=member) if isinstance(member, str) else member
    return [(stage, word) for word in stage.words]


def sentences(error: list[Any]) -> dict[str, str]:
    """Return pydantic's complaints as {place in the document: sentence}."""
    return {
        ".".join(str(part) for part in problem["loc"]) or "document": re.sub(r"^Value error, ", "", problem["msg"])
        for problem in error
    }
