"""Which policy a request falls under, and its rules as routing reads them."""

from collections.abc import Sequence

from django.db.models import Prefetch, QuerySet

from approvals.models import PolicyRule, PolicyVersion, StageTemplate
from approvals.rules.document import KindPart, PolicyDocument
from approvals.rules.routing import Rule, StageSpec
from core.access import entities_of
from core.errors import Missing
from core.models import Entity, User


def policy_for(*, entity: Entity, cost_centre_paths: Sequence[str]) -> PolicyVersion:
    """Return the published version whose scope is the nearest that covers every line. Raises Missing."""
    versions = PolicyVersion.objects.filter(policy__entity=entity, state=PolicyVersion.State.PUBLISHED)
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


def rules_of_version(version: PolicyVersion) -> list[Rule]:
    """Return the rules of a version, in order, with their stages."""
    stages = Prefetch("stages", queryset=StageTemplate.objects.order_by("number"))
    return [_rule(row) for row in version.rules.order_by("position").prefetch_related(stages)]


def kinds_of(version: PolicyVersion) -> dict[str, KindPart]:
    """Return the kinds of requests that a version names, in the order of its rules (the database keeps no order of keys)."""
    document = PolicyDocument.model_validate(version.document)
    in_rules = dict.fromkeys(rule.kind for rule in document.rules)
    return {code: document.kinds[code] for code in (*in_rules, *sorted(set(document.kinds) - set(in_rules)))}


def kinds_for(user: User) -> list[tuple[str, str]]:
    """Return (code, name) of every kind that a person may ask for, in the order of the policies."""
    versions = PolicyVersion.objects.filter(state=PolicyVersion.State.PUBLISHED, policy__entity__in=entities_of(user))
    return list(_kinds_in(versions).items())


def kinds_of_entity(entity: Entity) -> dict[str, str]:
    """Return the name of every kind that the policies of an entity know, by code."""
    return _kinds_in(PolicyVersion.objects.filter(state=PolicyVersion.State.PUBLISHED, policy__entity=entity))


def _kinds_in(versions: QuerySet[PolicyVersion]) -> dict[str, str]:
    found: dict[str, str] = {}
    for version in versions.order_by("policy__entity", "policy__code"):
        found |= {code: part.name for code, part in kinds_of(version).items() if code not in found}
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
    )
