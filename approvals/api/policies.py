"""Policies: listed with the version that routes, loaded, proved, published, dropped, replayed."""

from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from typing import Any

from django.db.models import QuerySet

from approvals.api import policy_serializers as shapes
from approvals.api.filters import PolicyFilter, VersionFilter
from approvals.api.request_serializers import RequestSerializer
from approvals.api.told import told
from approvals.models import Policy, PolicyVersion
from approvals.rules.document import PolicyDocument
from approvals.selectors import policy_pages as pages
from approvals.selectors import proofs
from approvals.services import policies
from approvals.services.policy_changes import ask_policy_change
from core.api.acts import download, write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.files import Sent
from core.api.shapes import JobSerializer
from core.errors import NotFound
from core.models import Entity, Job, User
from core.rules.rights import Right
from core.services.jobs import start_job

READERS = frozenset(pages.READERS)
SETTING_UP = frozenset({Right.ADMINISTER})


class Policies(Listed[Policy]):
    """Policies of the organizations that one administers or audits."""

    room = "approvals"
    model = Policy
    rights = READERS
    shows = shapes.PolicySerializer
    filterset_class = PolicyFilter
    orderings = ("code", "-code", "id")

    def rows(self) -> QuerySet[Policy]:
        return pages.policies_in_reach(self.person)

    def dress(self, rows: Sequence[Policy]) -> list[Any]:
        return [
            {
                "policy": each.policy,
                "standing": each.standing,
                "scheduled_ids": [version.pk for version in each.scheduled],
                "draft_ids": [draft.pk for draft in each.drafts],
            }
            for each in pages.with_versions(rows)
        ]


class PolicyVersions(Listed[PolicyVersion], Shown[PolicyVersion]):
    """Versions of policies, the latest first."""

    room = "approvals"
    model = PolicyVersion
    rights = READERS
    shows = shapes.PolicyVersionSerializer
    lists = shapes.PolicyVersionRowSerializer
    filterset_class = VersionFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The version's number among all.")}

    def rows(self) -> QuerySet[PolicyVersion]:
        return pages.versions_in_reach(self.person)

    def one(self) -> PolicyVersion:
        wanted = [Right.ADMINISTER] if self.act.rights == SETTING_UP else []
        return pages.access_version_by_id(self.person, self.number(), *wanted)

    def dress(self, rows: Sequence[PolicyVersion]) -> list[Any]:
        return [{"version": row} if self.act.paged else _told(row) for row in rows]

    @write(takes=shapes.PolicyLoadingSerializer, gives=shapes.LoadedPolicySerializer, status=201, rights=SETTING_UP, heavy=True)
    def create(self, data: dict[str, Any]) -> dict[str, Any]:
        """Prove a document and keep it as the next version of its policy: a draft, or published. A dry run shows its proof."""
        entity = _administered(self.person, data["entity"])
        document = policies.read_policy(data["document"])
        standing = pages.standing_of(entity, document.code)
        difference = pages.compared(document, standing)
        known, publish, day = pages.numbers_of(entity, document.code), data.get("publish", False), data.get("effective_from")
        kept = policies.load_policy(
            document=data["document"], entity=entity, actor=self.person, publish=publish, effective_from=day
        )
        return {"version": kept, "unchanged": kept.number in known, "difference": difference, "proof": _proof(document, entity)}

    @write(takes=shapes.PublishingSerializer, gives=shapes.PolicyVersionSerializer, rights=SETTING_UP, heavy=True)
    def publish(self, version: PolicyVersion, data: dict[str, Any]) -> PolicyVersion:
        """Let a draft route new requests from a day on, if it is proved. Requests in flight end under the version before it."""
        policies.publish_version(version_id=version.pk, actor=self.person, effective_from=data.get("effective_from"))
        return pages.access_version_by_id(self.person, version.pk)

    @write(gives=shapes.PolicyVersionSerializer, rights=SETTING_UP)
    def withdraw(self, version: PolicyVersion) -> PolicyVersion:
        """Make a scheduled version a draft again, before its day. The version before it stays in force."""
        policies.withdraw_version(version_id=version.pk, actor=self.person)
        return pages.access_version_by_id(self.person, version.pk)

    @write(takes=shapes.ChangeSerializer, gives=RequestSerializer, status=201, rights=SETTING_UP, heavy=True)
    def ask(self, version: PolicyVersion, data: dict[str, Any]) -> dict[str, Any]:
        """Put a draft to approval where the version in force says so: the last yes publishes it, for the day that is named."""
        day = data.get("effective_from")
        return told(ask_policy_change(version_id=version.pk, actor=self.person, reason=data["reason"], effective_from=day))

    @write(rights=SETTING_UP)
    def destroy(self, version: PolicyVersion) -> None:
        """Take a draft away."""
        policies.drop_draft(version_id=version.pk, actor=self.person)

    @write(gives=JobSerializer, status=202, heavy=True)
    def replay(self, version: PolicyVersion) -> Job:
        """Start a replay of past requests by this version; the job says how far it is, the version then what it found."""
        pages.check_may_replay(self.person, version)
        title = f"Past requests by {version.policy.name}, version {version.number}"
        args, entity = {"version_id": version.pk}, version.policy.entity
        return start_job(kind=pages.REPLAY_KIND, title=title, args=args, actor=self.person, entity=entity)

    @download(sends="application/yaml", path="document")
    def document(self, version: PolicyVersion) -> Sent:
        """Hand out the version as the YAML document that would load it again."""
        text = policies.document_text(version).encode()
        name = f"{version.policy.code}-{version.number}.yaml"
        return Sent(BytesIO(text), name, "application/yaml", len(text), sha256(text).hexdigest())


def _told(version: PolicyVersion) -> dict[str, Any]:
    document = PolicyDocument.model_validate(version.document)
    return {
        "version": version,
        "matrix": pages.matrix_of(document),
        "proof": _proof(document, version.policy.entity),
        "replay": pages.last_replay(version),
    }


def _proof(document: PolicyDocument, entity: Entity) -> dict[str, Any]:
    found = proofs.told(proofs.proved(document, entity))
    accepted = [{"because": because, "sentence": sentence} for because, sentence in found["accepted"]]
    return found | {"accepted": accepted}


def _administered(person: User, code: str) -> Entity:
    """Return an organization whose policies the person may change. Raises NotFound."""
    entity = pages.administered(person).filter(code=code).first()
    if entity is None:
        raise NotFound(f"There is no organization {code}, or none that you set up.", remedy="Ask an administrator of it.")
    return entity
