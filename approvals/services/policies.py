"""Policies: documents in, versions out. A published version never changes; the next one follows it."""

import hashlib
import json
from collections.abc import Mapping
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
from approvals.selectors.proofs import fault_sentences, proved
from budgets.models import CostCentre
from core.errors import InvalidInput, WrongState
from core.models import Entity, User
from core.services import audit
from core.services.people import ensure_role


@transaction.atomic
def load_policy(*, document: Mapping[str, Any], entity: Entity, actor: User | None, publish: bool = True) -> PolicyVersion:
    """Store `document` as the next version of its policy, and publish it where it is proved.

    The same document as the version that stands changes nothing. Roles that it lists and nobody has heard of are added.
    Raises InvalidInput, whose details name each place in the document, or each thing that the proof found.
    """
    checked = read_policy(document)
    if publish:
        _refuse_unproved(checked, entity)
    policy = _policy(checked, entity)
    lock_policy(policy.pk)
    digest = _digest(checked)
    standing = standing_of(policy)
    if standing is not None and standing.digest == digest:
        return standing
    if publish:
        _refuse_unapproved(standing)
    for code, part in checked.roles.items():
        ensure_role(code=code, name=part.name, kind=part.kind, actor=actor)
    version = _store(checked, policy, digest, actor)
    if publish:
        _publish(version, standing)
    audit.record(
        actor=actor, verb="policy.loaded", subject=version, entity=entity, after={"version": version.number, "digest": digest}
    )
    return version


@transaction.atomic
def publish_version(*, version_id: int, actor: User) -> PolicyVersion:
    """Let a draft route new requests from now on; the version before it is retired, and requests in flight end under theirs.

    Raises NotFound, WrongState (no draft, or a later version was published meanwhile), InvalidInput (the proof found something).
    """
    version = lock_version(version_id)
    _refuse_unapproved(standing_of(version.policy))
    publish_draft(version=version, actor=actor)
    return version


def judge_draft(version: PolicyVersion) -> PolicyVersion | None:
    """Refuse what cannot be published as it stands; return the version in force. The caller holds the policy's lock.

    Raises WrongState (no draft, or a later version was published meanwhile), InvalidInput (the proof found something).
    """
    if version.state != PolicyVersion.State.DRAFT:
        raise WrongState(
            f"{version} is {version.get_state_display()} already.", remedy="Load the next version to change the policy."
        )
    standing = standing_of(version.policy)
    if standing is not None and standing.number > version.number:
        raise WrongState(
            f"{standing} was published after this draft was made.",
            remedy="Load the document anew, so that it follows what stands.",
        )
    _refuse_unproved(PolicyDocument.model_validate(version.document), version.policy.entity)
    return standing


def publish_draft(*, version: PolicyVersion, actor: User) -> None:
    """Let a draft that may be published route from now on. The caller holds the policy's lock. Raises as judge_draft does."""
    standing = judge_draft(version)
    _publish(version, standing)
    audit.record(
        actor=actor,
        verb="policy.published",
        subject=version,
        entity=version.policy.entity,
        before={"version": standing.number if standing else None},
        after={"version": version.number, "digest": version.digest},
    )


def unpublish(*, version: PolicyVersion, actor: User) -> None:
    """Let the version before route again, as the approval of this one is taken back. The caller holds the policy's lock.

    Raises WrongState (used) where a request was routed by it meanwhile, or another version followed.
    """
    used = Round.objects.filter(policy_version=version).select_related("request").first()
    if version.state != PolicyVersion.State.PUBLISHED or used is not None:
        said = f"{used.request.number} was routed by it" if used is not None else "another version followed"
        raise WrongState(f"{version} is in use: {said}.", remedy="Write the next version, and put that to approval.", code="used")
    before = version.policy.versions.filter(state=PolicyVersion.State.RETIRED).order_by("-published_at", "-number").first()
    version.unpublish()
    version.save(update_fields=["state", "published_at"])
    if before is not None:
        before.restore()
        before.save(update_fields=["state"])
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
        raise WrongState(f"{version} is {version.get_state_display()}: requests may have been routed by it.", remedy="It stays.")
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


def _refuse_unproved(document: PolicyDocument, entity: Entity) -> None:
    """Refuse to publish what leaves amounts without an owner, asks two ways, or has rules that nothing reaches."""
    faults = fault_sentences(proved(document, entity))
    if faults:
        raise InvalidInput(
            f"The proof found {len(faults)} {'thing' if len(faults) == 1 else 'things'} in this policy to be settled first.",
            remedy="Mend each, or accept a gap by its name under accepted_gaps.",
            code="unproved",
            details=faults,
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
    if policy.name != document.name or policy.cost_centre != scope:
        policy.name, policy.cost_centre = document.name, scope
        policy.save(update_fields=["name", "cost_centre"])
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
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=130)


def _digest(document: PolicyDocument) -> str:
    return hashlib.sha256(json.dumps(_stored(document), sort_keys=True).encode()).hexdigest()


def _stored(document: PolicyDocument) -> dict[str, Any]:
    return document.model_dump(mode="json", by_alias=True, exclude_none=True)


def _store(document: PolicyDocument, policy: Policy, digest: str, actor: User | None) -> PolicyVersion:
    last = policy.versions.order_by("-number").first()
    version = PolicyVersion.objects.create(
        policy=policy,
        number=last.number + 1 if last else 1,
        currency=document.currency,
        contact_role_code=document.contact,
        document=_stored(document),
        digest=digest,
        created_by=actor,
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


def _publish(version: PolicyVersion, standing: PolicyVersion | None) -> None:
    if standing is not None:
        standing.retire()
        standing.save(update_fields=["state"])
    version.publish()
    version.save(update_fields=["state", "published_at"])
