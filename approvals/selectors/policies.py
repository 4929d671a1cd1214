"""Which policy a request falls under, and its rules as routing reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Prefetch, Q, QuerySet

from approvals.models import Policy, PolicyRule, PolicyVersion, Request, StageTemplate
from approvals.rules.document import KindPart, PolicyDocument
from approvals.rules.document_rules import weights_of
from approvals.rules.particulars import POLICY_CHANGE
from approvals.rules.risk import Weights
from approvals.rules.routing import Rule, StageSpec
from approvals.selectors.terms import OWN_PAGE
from core import clock
from core.access import entities_of
from core.errors import Missing
from core.models import Entity, User


def versions_in_force(at: datetime | None = None) -> QuerySet[PolicyVersion]:
    """Return the versions that route what is submitted at a moment, by default now: one of a policy at most."""
    moment = at or clock.now()
    begun = PolicyVersion.objects.filter(effective_from__lte=moment)
    return begun.filter(Q(effective_to__isnull=True) | Q(effective_to__gt=moment))


def policy_for(*, entity: Entity, cost_centre_paths: Sequence[str], at: datetime | None = None) -> PolicyVersion:
    """Return the version in force at a moment, else now, whose scope is the nearest that covers every line. Raises Missing."""
    versions = versions_in_force(at).filter(policy__entity=entity)
    covering = []
    for version in versions.select_related("policy__cost_centre", "policy__entity"):
        scope = version.policy.cost_centre.path if version.policy.cost_centre else "/"
        if all(path.startswith(scope) for path in cost_centre_paths):
            covering.append((len(scope), version))
    if not covering:
        raise Missing(
            f"{entity.name} has no approval policy for this.",
            remedy="Ask an administrator to load one.",
            code="no_policy",
            details={"cost_centres": list(cost_centre_paths)},
        )
    return max(covering, key=lambda pair: pair[0])[1]


def subject_for(*, entity: Entity, kind: str, cost_centre_paths: Sequence[str]) -> str:
    """Return what approving a kind does there: money is spent, where no policy says otherwise."""
    try:
        version = policy_for(entity=entity, cost_centre_paths=cost_centre_paths)
    except Missing:
        return "spend"
    return subject_in(version, kind)


def subject_in(version: PolicyVersion, kind: str) -> str:
    """Return what approving a kind does by a version. Its document is as it was checked when it was loaded."""
    return str(version.document["kinds"].get(kind, {}).get("subject", "spend"))


@dataclass(frozen=True, slots=True)
class Offers:
    """What approving does, by kind, and above what an expense needs a request."""

    subjects: dict[str, str]
    over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Requisitions:
    """Above what an expense needs an approved request, in the policy's currency, and which policy says so."""

    over: Decimal
    currency: str
    policy: str


def requisitions_of(entity: Entity, cost_centre_paths: Sequence[str]) -> Requisitions | None:
    """Return above what an expense there needs an approved request; None where no policy says so."""
    try:
        version = policy_for(entity=entity, cost_centre_paths=cost_centre_paths)
    except Missing:
        return None
    over = version.document.get("requisition_over")
    return Requisitions(Decimal(str(over)), version.currency, version.policy.name) if over is not None else None


def change_kind(version: PolicyVersion | None) -> str:
    """Return the kind by which a policy's changes are approved, as a version says; empty where they need no approval."""
    kinds = version.document["kinds"] if version is not None else {}
    return next((kind for kind, said in kinds.items() if said.get("subject") == POLICY_CHANGE), "")


def standing_of(policy: Policy, at: datetime | None = None) -> PolicyVersion | None:
    """Return the version of a policy that routes at a moment, by default now, or None."""
    return versions_in_force(at).filter(policy=policy).select_related("policy__cost_centre", "policy__entity").first()


def scheduled_of(policy: Policy, at: datetime | None = None) -> list[PolicyVersion]:
    """Return the versions of a policy whose day has not come, the last first."""
    return list(policy.versions.filter(effective_from__gt=at or clock.now()).order_by("-effective_from", "-number"))


def line_of(entity: Entity, code: str) -> list[PolicyVersion]:
    """Return the version of a policy that is in force and those that are to follow it, the nearest first."""
    rows = PolicyVersion.objects.filter(policy__entity=entity, policy__code=code, effective_from__isnull=False)
    return list(rows.exclude(effective_to__lte=clock.now()).order_by("effective_from", "number"))


def next_of(version: PolicyVersion, *, now: datetime, within: timedelta) -> PolicyVersion | None:
    """Return the version that takes the place of `version` before long, or None."""
    ends = version.effective_to
    return version.followed_by if ends is not None and now < ends <= now + within else None


def changes_asked(policy: Policy) -> QuerySet[Request]:
    """Return the requests that wait for a decision on a change of a policy: one at most."""
    return Request.objects.filter(policy_change__draft__policy=policy, state=Request.State.SUBMITTED)


def routed_by(request: Request, at: datetime | None = None) -> PolicyVersion | None:
    """Return the version that routes a request, where it is not the nearest to its lines: a policy's change goes by itself."""
    return standing_of(request.policy_change.draft.policy, at) if request.subject_kind == POLICY_CHANGE else None


def rules_of_version(version: PolicyVersion) -> list[Rule]:
    """Return the rules of a version, in order, with their stages."""
    stages = Prefetch("stages", queryset=StageTemplate.objects.order_by("number"))
    return [_rule(row) for row in version.rules.order_by("position").prefetch_related(stages)]


def kinds_of(version: PolicyVersion) -> dict[str, KindPart]:
    """Return the kinds of requests that a version names, in the order of its rules (the database keeps no order of keys)."""
    document = PolicyDocument.model_validate(version.document)
    in_rules = dict.fromkeys(rule.kind for rule in document.rules)
    return {code: document.kinds[code] for code in (*in_rules, *sorted(set(document.kinds) - set(in_rules)))}


def kind_named(version: PolicyVersion, code: str) -> str:
    """Return what a version calls a kind; empty where it has none. The document was judged when it was kept."""
    kind = version.document["kinds"].get(code)
    return str(kind["name"]) if kind else ""


def weights_of_version(version: PolicyVersion) -> Weights:
    """Return what each sign of risk is worth by a version."""
    return weights_of(PolicyDocument.model_validate(version.document))


def kinds_for(user: User) -> list[tuple[str, str]]:
    """Return (code, name) of every kind that a person may ask money for, in the order of the policies.

    What changes a budget is asked for on a page of its own.
    """
    versions = versions_in_force().filter(policy__entity__in=entities_of(user))
    return [(code, part.name) for code, part in _parts_in(versions).items() if part.subject not in OWN_PAGE]


def kinds_named(user: User) -> list[tuple[str, str]]:
    """Return (code, name) of every kind that the policies of a person's organizations name, in their order."""
    versions = versions_in_force().filter(policy__entity__in=entities_of(user))
    return list(_kinds_in(versions).items())


def kinds_with_subject(version: PolicyVersion, subject: str) -> list[str]:
    """Return the kinds of a version whose approval does what `subject` names, in the order of its rules."""
    return [code for code, part in kinds_of(version).items() if part.subject == subject]


def offers_for(user: User) -> Offers:
    """Return what the policies of a person's organizations say of asking for money."""
    versions = versions_in_force().filter(policy__entity__in=entities_of(user))
    subjects: dict[str, str] = {}
    over: list[str] = []
    for version in versions.order_by("policy__entity", "policy__code"):
        subjects |= {kind: subject_in(version, kind) for kind in version.document["kinds"] if kind not in subjects}
        bound = version.document.get("requisition_over")
        over += [f"{Decimal(str(bound)):,.2f} {version.currency}"] if bound is not None else []
    return Offers(subjects, tuple(dict.fromkeys(over)))


def kinds_of_entity(entity: Entity) -> dict[str, str]:
    """Return the name of every kind that the policies of an entity know, by code."""
    return _kinds_in(versions_in_force().filter(policy__entity=entity))


def _kinds_in(versions: QuerySet[PolicyVersion]) -> dict[str, str]:
    return {code: part.name for code, part in _parts_in(versions).items()}


def _parts_in(versions: QuerySet[PolicyVersion]) -> dict[str, KindPart]:
    found: dict[str, KindPart] = {}
    for version in versions.order_by("policy__entity", "policy__code"):
        found |= {code: part for code, part in kinds_of(version).items() if code not in found}
    return found


def _rule(row: PolicyRule) -> Rule:
    return Rule(
        position=row.position,
        name=row.name,
        kind=row.kind,
        measure=row.measure,
        lower=row.lower,
        lower_included=row.lower_included,
        upper=row.upper,
        upper_included=row.upper_included,
        cost_centre_code=row.cost_centre_code,
        category_code=row.category_code,
        vendor_code=row.vendor_code,
        tags=frozenset(row.tags),
        risk_from=row.risk_from,
        risk_up_to=row.risk_up_to,
        emergency=row.emergency,
        is_automatic=row.is_automatic,
        follow_up=row.follow_up,
        stages=tuple(_spec(stage) for stage in row.stages.all()),
    )


def _spec(row: StageTemplate) -> StageSpec:
    return StageSpec(
        number=row.number,
        group=row.group,
        name=row.name,
        role_code=row.role_code,
        backup_role_code=row.backup_role_code,
        quorum=row.quorum,
        sla=row.sla,
        escalate_after=row.escalate_after,
        warn_after=row.warn_after,
        question_pause=row.question_pause,
        undo_window=row.undo_window,
        by_meeting=row.by_meeting,
    )
