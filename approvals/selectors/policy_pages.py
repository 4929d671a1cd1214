"""Policies as their pages show them, and the guarded doors to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet

from approvals.models import Policy, PolicyVersion, Request
from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import limits_of, rules_of
from approvals.rules.limits import CONTRACT, NAMES
from approvals.rules.routing import Rule, band, risk_band
from approvals.rules.splits import IN_PARTS
from approvals.selectors import proofs
from approvals.selectors.policies import versions_in_force
from core import clock
from core.access import entities_of, may, whole_entities_of
from core.errors import NotAllowed, NotFound
from core.models import Entity, Job, User
from core.rules.rights import Right

READERS = (Right.ADMINISTER, Right.AUDIT)
REPLAY_KIND = "policy-replay"


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A line of the matrix in words."""

    rule: Rule
    kind: str
    band: str
    only: str
    stages: tuple[str, ...]
    sla: str


@dataclass
class PolicyShown:
    """A policy with the version that routes, those that are scheduled, the nearest first, and the drafts that wait."""

    policy: Policy
    standing: PolicyVersion | None = None
    scheduled: list[PolicyVersion] = field(default_factory=list)
    drafts: list[PolicyVersion] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RulesCompared:
    """What a document changes against the version that routes: lines of the matrix that come, and that go."""

    added: list[RuleShown]
    removed: list[RuleShown]
    kept: int


def policies_of(user: User) -> list[PolicyShown]:
    """Return the policies of the entities that a person administers or audits."""
    return with_versions(policies_in_reach(user).order_by("entity__name", "name"))


def with_versions(rows: Iterable[Policy]) -> list[PolicyShown]:
    """Return policies with the version that routes, those to come and the drafts that wait, in one query for all."""
    now = clock.now()
    shown = {row.pk: PolicyShown(row) for row in rows}
    versions = PolicyVersion.objects.filter(policy__in=shown).exclude(effective_to__lte=now)
    for version in versions.select_related("policy", "created_by").order_by(F("effective_from").asc(nulls_last=True), "number"):
        row, stands = shown[version.policy_id], version.standing_at(now)
        if stands == PolicyVersion.Standing.PUBLISHED:
            row.standing = version
        else:
            (row.scheduled if stands == PolicyVersion.Standing.SCHEDULED else row.drafts).append(version)
    return list(shown.values())


def policies_in_reach(user: User) -> QuerySet[Policy]:
    """Return the policies of the entities that a person administers or audits."""
    return Policy.objects.filter(entity__in=_entities(user)).select_related("entity", "cost_centre")


def versions_in_reach(user: User) -> QuerySet[PolicyVersion]:
    """Return the versions of those policies."""
    rows = PolicyVersion.objects.select_related("policy__entity", "policy__cost_centre", "created_by", "followed_by")
    return rows.filter(policy__entity__in=_entities(user))


def access_version_by_id(user: User, version_id: int, *rights: Right) -> PolicyVersion:
    """Return a version of a policy that the person may read, or in whose entity they have one of `rights`. Raises NotFound."""
    version = versions_in_reach(user).filter(pk=version_id).first()
    if version is None:
        raise NotFound(
            "There is no such version of a policy, or none that you may see.", remedy="Go back to the list of policies."
        )
    if rights and not any(may(user, right, entity=version.policy.entity) for right in rights):
        raise NotAllowed("You may read this policy, not change it.", remedy="Ask an administrator of the organization.")
    return version


def check_may_replay(user: User, version: PolicyVersion) -> None:
    """A replay goes through everybody's requests: it is for who audits or administers the whole entity. Raises NotFound."""
    if not whole_entities_of(user, *READERS).filter(pk=version.policy.entity_id).exists():
        raise NotFound(
            "There is no such version of a policy, or none that you may see.", remedy="Go back to the list of policies."
        )


def administered(user: User) -> QuerySet[Entity]:
    """Return the entities whose policies a person may change."""
    return entities_of(user, Right.ADMINISTER).order_by("name")


def standing_of(entity: Entity, code: str) -> PolicyVersion | None:
    """Return the version of a policy that routes now, or None."""
    return versions_in_force().filter(policy__entity=entity, policy__code=code).first()


def scheduled_for(entity: Entity, code: str) -> list[PolicyVersion]:
    """Return the versions of a policy whose day has not come, the nearest first."""
    rows = PolicyVersion.objects.filter(policy__entity=entity, policy__code=code, effective_from__gt=clock.now())
    return list(rows.order_by("effective_from", "number"))


def numbers_of(entity: Entity, code: str) -> set[int]:
    """Return the numbers of all versions of a policy that are kept."""
    return set(PolicyVersion.objects.filter(policy__entity=entity, policy__code=code).values_list("number", flat=True))


def with_standing(rows: QuerySet[PolicyVersion], standing: str) -> QuerySet[PolicyVersion]:
    """Keep the versions that stand so now."""
    now, kinds = clock.now(), PolicyVersion.Standing
    begun = Q(effective_from__lte=now)
    conditions = {
        kinds.DRAFT: Q(effective_from__isnull=True),
        kinds.SCHEDULED: Q(effective_from__gt=now),
        kinds.PUBLISHED: begun & (Q(effective_to__isnull=True) | Q(effective_to__gt=now)),
        kinds.RETIRED: begun & Q(effective_to__lte=now),
    }
    return rows.filter(conditions[kinds(standing)])


def matrix_of(document: PolicyDocument) -> list[RuleShown]:
    """Return the matrix of a document, line by line."""
    return [_shown(rule, document) for rule in rules_of(document)]


def limits_shown(document: PolicyDocument) -> list[tuple[str, str]]:
    """Return each limit of a document, and what happens above it, in words."""
    shown = []
    for limit in limits_of(document):
        own = "that of the contract, and its term" if limit.what == CONTRACT else "that of the person's role"
        most = own if limit.amount is None else f"{limit.amount:,.2f} {document.currency}"
        above = f"above it {limit.needs.name} decides too, within {limit.needs.sla}" if limit.needs else "above it is refused"
        shown.append((NAMES[limit.what], f"{most}; {above}"))
    return shown


def settings_shown(document: PolicyDocument) -> list[tuple[str, str]]:
    """Return what else a document says of all its rules, in words."""
    shown = []
    if document.splits is not None:
        same = ", ".join(each.replace("_", " ") for each in ["requester", *document.splits.same])
        shown.append((IN_PARTS, f"routed by the sum of {document.splits.window} days; the same {same}"))
    if document.reask == "changed":
        shown.append(("Asked again", "after a sending back only those whose approval does not cover it any more"))
    return shown


def compared(document: PolicyDocument, standing: PolicyVersion | None) -> RulesCompared:
    """Say which lines of the matrix `document` adds to those that route now, and which it takes away."""
    after = matrix_of(document)
    before = matrix_of(PolicyDocument.model_validate(standing.document)) if standing else []
    known, new = {_ground(each) for each in before}, {_ground(each) for each in after}
    added = [each for each in after if _ground(each) not in known]
    return RulesCompared(added, [each for each in before if _ground(each) not in new], len(after) - len(added))


def change_shown(request: Request) -> dict[str, Any]:
    """Return what a request for a change of a policy would change, or did, and what the proof finds of it today."""
    version = request.policy_change.draft
    document = PolicyDocument.model_validate(version.document)
    before = _before(version)
    return {
        "version": version,
        "before": before,
        "difference": compared(document, before),
        "besides": besides(version, before),
        **proofs.told(proofs.proved(document, version.policy.entity)),
    }


def besides(version: PolicyVersion, before: PolicyVersion | None) -> list[str]:
    """Return which parts of the document differ besides the lines of its matrix."""
    old = before.document if before else {}
    names = dict.fromkeys([*version.document, *old])
    return [name.replace("_", " ") for name in names if name != "rules" and version.document.get(name) != old.get(name)]


def _before(version: PolicyVersion) -> PolicyVersion | None:
    """Return the version that stood before a published one; that which stands, for a draft."""
    if version.effective_from is None:
        return standing_of(version.policy.entity, version.policy.code)
    before: PolicyVersion | None = version.policy.versions.filter(followed_by=version).first()
    return before


def versions_of(policy: Policy) -> list[PolicyVersion]:
    """Return the versions of a policy, the latest first."""
    return list(policy.versions.select_related("created_by", "policy", "followed_by").order_by("-number"))


def last_replay(version: PolicyVersion) -> Job | None:
    """Return the latest replay of past requests by a version, or None."""
    jobs = Job.objects.filter(kind=REPLAY_KIND, entity=version.policy.entity, args__version_id=version.pk)
    return jobs.order_by("-id").first()


def _entities(user: User) -> QuerySet[Entity]:
    return entities_of(user, *READERS)


def _ground(shown: RuleShown) -> tuple[str, str, str, tuple[str, ...], str]:
    return shown.kind, shown.band, shown.only, shown.stages, shown.sla


def _shown(rule: Rule, document: PolicyDocument) -> RuleShown:
    named = {"cost centre": rule.cost_centre_code, "category": rule.category_code, "vendor": rule.vendor_code}
    parts = [f"{word} {code}" for word, code in named.items() if code]
    parts += [f"tag {mark}" for mark in sorted(rule.tags)]
    parts += [risk_band(rule)] if risk_band(rule) else []
    if rule.emergency is not None:
        parts.append("emergencies" if rule.emergency else "what is no emergency")
    only = ", ".join(parts)
    groups: dict[int, list[str]] = {}
    for stage in rule.stages:
        quorum = "" if stage.quorum == "owner" else f" ({stage.quorum} of them)"
        groups.setdefault(stage.group, []).append(f"{stage.name}{quorum}")
    spans = dict.fromkeys(stage.sla for stage in rule.stages)
    stages = tuple(" and ".join(names) for _, names in sorted(groups.items()))
    stages = ("the policy itself",) if rule.is_automatic else stages
    within = "at once" if rule.is_automatic else ", ".join(spans)
    return RuleShown(rule, document.kinds[rule.kind].name, _band(rule), only, stages, within)


def _band(rule: Rule) -> str:
    said = band(rule)
    if rule.lower == Decimal(0) and rule.upper is not None:
        said = said.removeprefix("over 0.00 ")
    return f"{said} more a month" if rule.measure == "monthly_increase" else said
