"""Policies: documents in, versions out. A published version never changes; the next one follows it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import yaml
from django.db import transaction
from pydantic import ValidationError

from approvals import subjects
from approvals.locks import lock_policy, lock_version
from approvals.models import Policy, PolicyRule, PolicyVersion, Request, Round, StageTemplate
from approvals.rules.document import PolicyDocument, sentences
from approvals.rules.document_rules import rules_of
from approvals.rules.routing import Rule
from approvals.selectors.policies import change_kind, standing_of
from approvals.services.policy_lines import (
    back_to_draft,
    begins_at,
    days_of,
    published_words,
    put_in_line,
    refuse_unproved,
    take_out_of_line,
)
from budgets.models import CostCentre
from core import clock
from core.errors import InvalidInput, WrongState
from core.models import Entity, User
from core.services import audit
from core.services.people import ensure_role


@transaction.atomic
def load_policy(
    *, document: Mapping[str, Any], entity: Entity, actor: User | None, publish: bool = True, effective_from: date | None = None
) -> PolicyVersion:
    """Store `document` as the next version of its policy, and publish it where it is proved.

    It holds from the start of `effective_from` on, a day of the organization's zone; of the day that the document names where it
    is left out; at once where neither names one. A draft keeps the day for its publication. The same document as the last in line
    changes nothing. Roles that it lists and nobody has heard of are added. Raises InvalidInput, whose details name each place in
    the document, a day that cannot be, or each thing that the proof found.
    """
    checked = read_policy(document)
    planned = effective_from or checked.effective_from
    begins_at(planned, entity, clock.now())
    if publish:
        refuse_unproved(checked, entity)
    policy = _policy(checked, entity)
    lock_policy(policy.pk)
    now = clock.now()
    digest = _digest(checked)
    standing, last = standing_of(policy, now), _last_of(policy)
    if last is not None and last.digest == digest and ((planned is None and last == standing) or last.planned_on == planned):
        return last
    if publish:
        _refuse_unapproved(standing)
    for code, part in checked.roles.items():
        ensure_role(code=code, name=part.name, kind=part.kind, actor=actor)
    version = _store(checked, policy, digest, actor, planned)
    if publish:
        put_in_line(version, now=now, actor=actor)
    after = {"version": version.number, "digest": digest} | days_of(version)
    audit.record(actor=actor, verb="policy.loaded", subject=version, entity=entity, after=after)
    return version


@transaction.atomic
def publish_version(*, version_id: int, actor: User, effective_from: date | None = None) -> PolicyVersion:
    """Let a draft route what is submitted from a day on, of the organization's zone; at once where none is named, or today.

    The version before it is in force until then, and requests in flight end under theirs. Raises NotFound, WrongState (no draft,
    or a later version was published meanwhile), InvalidInput (the day is past, or the proof found something).
    """
    version = lock_version(version_id)
    now = clock.now()
    _refuse_unapproved(standing_of(version.policy, now))
    version.planned_on = effective_from
    publish_draft(version=version, actor=actor, now=now)
    return version


@transaction.atomic
def withdraw_version(*, version_id: int, actor: User) -> PolicyVersion:
    """Make a scheduled version a draft again, before its day: the one before it stays in force.

    Raises NotFound, WrongState (it is not scheduled, or another is to follow it).
    """
    version = lock_version(version_id)
    now = clock.now()
    standing = version.standing_at(now)
    if standing != PolicyVersion.Standing.SCHEDULED:
        raise WrongState(f"{version} is {standing.label}.", remedy="Only what is scheduled is withdrawn, before its day.")
    if version.followed_by is not None:
        raise WrongState(
            f"{version.followed_by} is to follow it.", remedy=f"Withdraw version {version.followed_by.number} first."
        )
    take_out_of_line(version, now=now, actor=actor)
    return version


def judge_draft(version: PolicyVersion) -> PolicyVersion | None:
    """Refuse what cannot be published as it stands; return the last in line. The caller holds the policy's lock.

    Raises WrongState (no draft, or a later version was published meanwhile), InvalidInput (the proof found something).
    """
    if version.state != PolicyVersion.State.DRAFT:
        raise WrongState(
            f"{version} is {published_words(version)} already.", remedy="Load the next version to change the policy."
        )
    last = _last_of(version.policy)
    if last is not None and last.number > version.number:
        raise WrongState(
            f"{last} was published after this draft was made.",
            remedy="Load the document anew, so that it follows what stands.",
        )
    refuse_unproved(PolicyDocument.model_validate(version.document), version.policy.entity)
    return last


def publish_draft(*, version: PolicyVersion, actor: User, now: datetime) -> None:
    """Let a draft that may be published route from its day on. The caller holds the policy's lock. Raises as judge_draft does."""
    judge_draft(version)
    standing = standing_of(version.policy, now)
    put_in_line(version, now=now, actor=actor)
    audit.record(
        actor=actor,
        verb="policy.published",
        subject=version,
        entity=version.policy.entity,
        before={"version": standing.number if standing else None},
        after={"version": version.number, "digest": version.digest} | days_of(version),
    )


def unpublish(*, version: PolicyVersion, actor: User) -> None:
    """Let the version before route again, as the approval of this one is taken back. The caller holds the policy's lock.

    Raises WrongState (used) where a request was routed by it meanwhile, or another version followed.
    """
    used = Round.objects.filter(policy_version=version).select_related("request").first()
    if version.state != PolicyVersion.State.PUBLISHED or used is not None:
        said = f"{used.request.number} was routed by it" if used is not None else "another version followed"
        raise WrongState(f"{version} is in use: {said}.", remedy="Write the next version, and put that to approval.", code="used")
    before = back_to_draft(version)
    audit.record(
        actor=actor,
        verb="policy.unpublished",
        subject=version,
        entity=version.policy.entity,
        before={"version": version.number},
        after={"version": before.number if before else None},
    )


@transaction.atomic
def drop_draft(*, version_id: int, actor: User) -> None:
    """Take a draft away. Raises NotFound, WrongState (it is no draft)."""
    version = lock_version(version_id)
    if version.state != PolicyVersion.State.DRAFT:
        remedy = "Withdraw it first." if version.standing == PolicyVersion.Standing.SCHEDULED else "It stays."
        raise WrongState(f"{version} is {published_words(version)}: requests may have been routed by it.", remedy=remedy)
    asked = Request.objects.filter(policy_change__draft=version).first()
    if asked is not None:
        raise WrongState(f"{version} was put to approval with {asked.number}.", remedy="It stays, as what was decided on.")
    before = {"policy": version.policy.code, "version": version.number, "digest": version.digest}
    StageTemplate.objects.filter(rule__version=version).delete()
    version.rules.all().delete()
    version.delete()
    audit.record(actor=actor, verb="policy.draft_dropped", subject=version.policy, entity=version.policy.entity, before=before)


def _refuse_unapproved(standing: PolicyVersion | None) -> None:
    """Refuse to publish past those whom the version in force names for its changes."""
    if change_kind(standing):
        raise WrongState(
            f"By {standing} a change of this policy is approved first.",
            remedy="Keep it as a draft, and put that to approval.",
            code="needs_approval",
        )


def read_policy(document: Mapping[str, Any]) -> PolicyDocument:
    """Read a document. Raises InvalidInput, whose details name each place in it."""
    try:
        checked = PolicyDocument.model_validate(document)
    except ValidationError as error:
        raise InvalidInput(
            "The policy cannot be read as it stands.",
            remedy="Mend the places that are named; docs/schemas/policy.schema.json says what may stand there.",
            code="invalid_policy",
            details=sentences(list(error.errors())),
        ) from error
    for code, kind in checked.kinds.items():
        if kind.subject not in subjects.kinds:
            raise InvalidInput(
                f"Nothing is known of approving {kind.subject}.",
                remedy=f"Use one of: {', '.join(sorted(subjects.kinds))}.",
                details={f"kinds.{code}.subject": "is not known"},
            )
    return checked


def _policy(document: PolicyDocument, entity: Entity) -> Policy:
    scope = _scope(document, entity)
    taken = Policy.objects.filter(entity=entity, cost_centre=scope).exclude(code=document.code).first()
    if taken is not None:
        raise InvalidInput(
            f"{scope or entity} already has a policy: {taken.code}.",
            remedy="Give this one a cost centre of its own, or load it under that code.",
            code="scope_taken",
        )
    policy, _ = Policy.objects.get_or_create(
        entity=entity, code=document.code, defaults={"name": document.name, "cost_centre": scope}
    )
    return policy


def _scope(document: PolicyDocument, entity: Entity) -> CostCentre | None:
    if document.cost_centre is None:
        return None
    found = CostCentre.objects.filter(entity=entity, code=document.cost_centre).first()
    if found is None:
        raise InvalidInput(
            f"{entity.name} has no cost centre {document.cost_centre}.",
            remedy="Add the cost centre first, or leave the place empty for the whole entity.",
            details={"cost_centre": "is not known"},
        )
    return found


def document_text(version: PolicyVersion) -> str:
    """Return a version as the YAML text that loads it again."""
    document = _stored(PolicyDocument.model_validate(version.document))
    if version.planned_on is not None:
        document["effective_from"] = version.planned_on
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=130)


def _last_of(policy: Policy) -> PolicyVersion | None:
    """Return the last version in line: the one that nothing follows yet."""
    return policy.versions.filter(state=PolicyVersion.State.PUBLISHED).first()


def _digest(document: PolicyDocument) -> str:
    return hashlib.sha256(json.dumps(_stored(document), sort_keys=True).encode()).hexdigest()


def _stored(document: PolicyDocument) -> dict[str, Any]:
    # From when on it holds is the version's business: the same document may come again for another day.
    return document.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"effective_from"})


def _store(document: PolicyDocument, policy: Policy, digest: str, actor: User | None, planned: date | None) -> PolicyVersion:
    last = policy.versions.order_by("-number").first()
    version = PolicyVersion.objects.create(
        policy=policy,
        number=last.number + 1 if last else 1,
        currency=document.currency,
        contact_role_code=document.contact,
        document=_stored(document),
        digest=digest,
        created_by=actor,
        planned_on=planned,
    )
    for rule in rules_of(document):
        _store_rule(version, rule)
    return version


def _store_rule(version: PolicyVersion, rule: Rule) -> None:
    row = PolicyRule.objects.create(
        version=version,
        position=rule.position,
        name=rule.name,
        kind=rule.kind,
        measure=rule.measure,
        lower=rule.lower,
        lower_included=rule.lower_included,
        upper=rule.upper,
        upper_included=rule.upper_included,
        cost_centre_code=rule.cost_centre_code,
        category_code=rule.category_code,
        vendor_code=rule.vendor_code,
        tags=sorted(rule.tags),
        risk_from=rule.risk_from,
        risk_up_to=rule.risk_up_to,
        emergency=rule.emergency,
        is_automatic=rule.is_automatic,
        follow_up=rule.follow_up,
    )
    StageTemplate.objects.bulk_create(
        StageTemplate(
            rule=row,
            number=stage.number,
            group=stage.group,
            name=stage.name,
            role_code=stage.role_code,
            backup_role_code=stage.backup_role_code,
            quorum=stage.quorum,
            sla=stage.sla,
            escalate_after=stage.escalate_after,
            warn_after=stage.warn_after,
            question_pause=stage.question_pause,
            undo_window=stage.undo_window,
            by_meeting=stage.by_meeting,
        )
        for stage in rule.stages
    )
