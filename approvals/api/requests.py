"""Requests: asked for, changed, submitted, withdrawn, copied; and their files."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from approvals.api import request_serializers as shapes
from approvals.api.filters import RequestFilter
from approvals.api.told import all_in_short, told
from approvals.data import LineData, RequestData
from approvals.locks import lock_request
from approvals.models import Attachment, Request
from approvals.selectors.chains import Prediction, predicted_chain
from approvals.selectors.limits import cards_of
from approvals.selectors.particulars import stated
from approvals.selectors.requests import (
    access_attachment_by_id,
    access_request_by_number,
    listed_requests,
    requests_of_budget,
)
from approvals.services.attachments import attach, detach
from approvals.services.attributes import set_request_attributes
from approvals.services.automatic import look_back
from approvals.services.orders import close_request, move_request, open_again
from approvals.services.requests import copy_request, save_draft, submit_request, withdraw_request
from approvals.views.listing import with_holders
from budgets.api.attribute_fields import AttributesGivenSerializer, AttributesTakenSerializer
from budgets.selectors.budgets import access_budget_by_code
from core.api.acts import download, write
from core.api.endpoint import CODE, NUMBER, Listed, Shown
from core.api.files import Sent
from core.errors import WrongState
from core.models import Entity, User
from core.rules.rights import Right
from core.selectors.retention import refuse_if_removed
from core.selectors.roles import access_entity_by_code
from core.uploads import read_bounded

READERS = frozenset({Right.REQUEST, Right.DECIDE, Right.AUDIT})
ASKING = frozenset({Right.REQUEST})
# Administrators ask for changes of policies.
STATING = frozenset({Right.REQUEST, Right.BUDGET})
BOOKS = frozenset({Right.BUDGET})
ENDING = frozenset({Right.REQUEST, Right.ADMINISTER})
LOOKING = frozenset({Right.RECONCILE, Right.DECIDE})
NO_CARD = 0
PLACE: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 20}
NUMBERED = "The request's number, such as REQ-2026-0001."
RELATED = ("entity", "policy_version__policy", "copied_from", "card", "under_contract__request")


class Requests(Listed[Request], Shown[Request]):
    """Requests: one's own, those one decides or decided on, and those in one's scope, the newest first."""

    room = "approvals"
    model = Request
    rights = READERS
    shows = shapes.RequestSerializer
    lists = shapes.RequestRowSerializer
    filterset_class = RequestFilter
    orderings = ("-id", "id", "-amount", "amount")
    lookup_url_kwarg = "number"
    places = {"number": (PLACE, NUMBERED)}

    def rows(self) -> QuerySet[Request]:
        return with_holders(listed_requests(self.person)).select_related(*RELATED, "requester", "vendor")

    def one(self) -> Request:
        found = access_request_by_number(self.person, self.kwargs["number"])
        if self.act.is_write:
            # Held from here on, so that what `If-Match` is compared with is what will be changed.
            lock_request(found.pk)
            found = access_request_by_number(self.person, found.number)
        return found

    def dress(self, rows: Sequence[Request]) -> list[Any]:
        return all_in_short(rows) if self.act.paged else [told(row) for row in rows]

    @write(takes=AttributesTakenSerializer, gives=AttributesGivenSerializer, rights=STATING)
    def attributes(self, request: Request, data: dict[str, Any]) -> dict[str, Any]:
        """State what a request has of its organization's attributes; what is left out stays, null takes one away."""
        return {"attributes": set_request_attributes(request_id=request.pk, values=data["attributes"], actor=self.person)}

    @write(takes=shapes.NewRequestSerializer, gives=shapes.RequestSerializer, status=201, rights=ASKING)
    def create(self, data: dict[str, Any]) -> Request:
        """Keep a draft. It holds nothing until it is submitted."""
        entity = access_entity_by_code(self.person, data["entity"])
        return self._saved(entity, data, None)

    @write(takes=shapes.WholeRequestSerializer, gives=shapes.RequestSerializer, rights=ASKING)
    def update(self, request: Request, data: dict[str, Any]) -> Request:
        """Put another content in place of a draft's, or of a request's that was sent back. What is left out is emptied."""
        return self._saved(request.entity, data, request)

    @write(takes=shapes.ChangedRequestSerializer, gives=shapes.RequestSerializer, rights=ASKING)
    def partial_update(self, request: Request, data: dict[str, Any]) -> Request:
        """Change some of a draft, or of a request that was sent back. Lines are given as a whole."""
        return self._saved(request.entity, as_kept(request) | data, request)

    def _saved(self, entity: Entity, data: Mapping[str, Any], kept: Request | None) -> Request:
        typed = request_data(data, self.person, entity)
        saved = save_draft(actor=self.person, entity=entity, data=typed, request_id=kept.pk if kept else None)
        if data.get("attributes"):
            set_request_attributes(request_id=saved.pk, values=data["attributes"], actor=self.person)
        return saved

    @write(gives=shapes.RequestSerializer, rights=ENDING)
    def submit(self, request: Request) -> Request:
        """Put a draft before its deciders and hold the money. Where the budget does not hold enough, it is refused (no_funds)."""
        return submit_request(request_id=request.pk, actor=self.person)

    @write(gives=shapes.RequestSerializer, rights=ENDING)
    def withdraw(self, request: Request) -> Request:
        """Take a request back; what it holds is free again."""
        return withdraw_request(request_id=request.pk, actor=self.person)

    @write(takes=shapes.OrderClosingSerializer, gives=shapes.RequestSerializer, rights=STATING)
    def close(self, request: Request, data: dict[str, Any]) -> Request:
        """Let go of what an approved request still commits, for a reason; what was invoiced stays."""
        return close_request(request_id=request.pk, reason=data["reason"], actor=self.person)

    @write(takes=shapes.OrderMovingSerializer, gives=shapes.RequestSerializer, rights=BOOKS, path="move-order")
    def move_order(self, request: Request, data: dict[str, Any]) -> Request:
        """Hold what is left of an approved request in another month; an invoice uses it up there."""
        return move_request(request_id=request.pk, to_month=data["to_month"], reason=data["reason"], actor=self.person)

    @write(gives=shapes.RequestSerializer, rights=STATING, path="open-again")
    def open_again(self, request: Request) -> Request:
        """Commit again what closing it let go, as long as nothing else holds the money."""
        return open_again(request_id=request.pk, actor=self.person)

    @write(gives=shapes.RequestSerializer, status=201, rights=ASKING)
    def copy(self, request: Request) -> Request:
        """Make a new draft that asks for the same."""
        if not request.lines.exists():
            raise WrongState(f"{request.number} has no lines to copy.", remedy="Make a new request.")
        return copy_request(request_id=request.pk, actor=self.person)

    @write(takes=shapes.LookBackSerializer, gives=shapes.RequestSerializer, rights=LOOKING)
    def look_back(self, request: Request, data: dict[str, Any]) -> Request:
        """Say of what the policy approved by itself that it is in order, or withdraw it."""
        look_back(request_id=request.pk, actor=self.person, outcome=data["outcome"], remark=data.get("remark", ""))
        return access_request_by_number(self.person, request.number)

    @write(takes=shapes.TypedRequestSerializer, gives=shapes.ChainSerializer, detail=False, rights=ASKING)
    def chain(self, data: dict[str, Any]) -> Prediction:
        """Say who would decide on this, why, and by when. Nothing is kept."""
        entity = access_entity_by_code(self.person, data["entity"])
        typed = request_data({"title": "Untitled", **data}, self.person, entity)
        return predicted_chain(requester=self.person, entity=entity, data=typed)


class BudgetRequests(Listed[Request]):
    """Requests that have a line in a budget, as far as one may see them, the newest first."""

    room = "approvals"
    model = Request
    rights = READERS
    shows = shapes.RequestRowSerializer
    filterset_class = RequestFilter
    orderings = ("-id", "id")
    places = {"code": (CODE, "The budget's code.")}

    def rows(self) -> QuerySet[Request]:
        budget = access_budget_by_code(self.person, self.kwargs["code"])
        return with_holders(requests_of_budget(self.person, budget)).select_related(*RELATED, "requester", "vendor")

    def dress(self, rows: Sequence[Request]) -> list[Any]:
        return all_in_short(rows)


class Attachments(Listed[Attachment], Shown[Attachment]):
    """Files of a request."""

    room = "approvals"
    model = Attachment
    rights = READERS
    shows = shapes.AttachmentSerializer
    places = {"number": (PLACE, NUMBERED), "id": (NUMBER, "The file's number.")}

    def rows(self) -> QuerySet[Attachment]:
        return self._holder().attachments.select_related("uploaded_by")

    def one(self) -> Attachment:
        return access_attachment_by_id(self._holder(), self.number())

    def _holder(self) -> Request:
        return access_request_by_number(self.person, self.kwargs["number"])

    @write(takes=shapes.AttachmentUploadSerializer, gives=shapes.AttachmentSerializer, status=201, rights=ASKING, heavy=True)
    def create(self, data: dict[str, Any]) -> Attachment:
        """Keep a file with a draft. The same file again is not kept twice."""
        file = data["file"]
        content = read_bounded(file, most=settings.MAX_ATTACHMENT_BYTES)
        return attach(request_id=self._holder().pk, actor=self.person, name=file.name, content=content)

    @write(rights=ASKING)
    def destroy(self, attachment: Attachment) -> None:
        """Take a file away from a draft."""
        detach(request_id=attachment.request_id, attachment_id=attachment.pk, actor=self.person)

    @download(sends="*/*")
    def content(self, attachment: Attachment) -> Sent:
        """Hand the file out, as it was sent."""
        refuse_if_removed("attachments", attachment.pk)
        return Sent(attachment.file.open("rb"), attachment.name, attachment.content_type, attachment.size, attachment.sha256)


def request_data(data: Mapping[str, Any], person: User, entity: Entity) -> RequestData:
    """Return what a body says as the services take it. A card that is not the person's own is one that is not there."""
    digits = data.get("card")
    card = cards_of(person).filter(entity=entity, last_four=digits).first() if digits else None
    return RequestData(
        kind=data["kind"],
        title=data["title"],
        lines=[line_data(line) for line in data["lines"]],
        reason=data.get("reason", ""),
        vendor_name=data.get("vendor", ""),
        needed_by=data.get("needed_by"),
        monthly_increase=data.get("monthly_increase"),
        tags=data.get("tags", {}),
        is_emergency=data.get("is_emergency", False),
        card_id=(card.pk if card else NO_CARD) if digits else None,
        contract=data.get("contract") or "",
        particulars=data.get("particulars") or {},
    )


def line_data(line: Mapping[str, Any]) -> LineData:
    """Return a line of a body as the services take it."""
    return LineData(
        description=line.get("description", "Line"),
        account_id=line["account"],
        month=line["month"],
        net=line["net"],
        vat=line.get("vat", ""),
        recoverable=line.get("recoverable", ""),
    )


def as_kept(request: Request) -> dict[str, Any]:
    """Return what a draft says, in the shape of a body."""
    names = ("description", "month", "net", "vat", "recoverable")
    lines = [{"account": line.account_id} | {name: getattr(line, name) for name in names} for line in request.lines.all()]
    return {
        "kind": request.kind,
        "title": request.title,
        "reason": request.reason,
        "vendor": request.vendor.name if request.vendor else "",
        "needed_by": request.needed_by,
        "monthly_increase": request.monthly_increase,
        "tags": request.tags,
        "is_emergency": request.is_emergency,
        "card": request.card.last_four if request.card else None,
        "contract": request.under_contract.request.number if request.under_contract else None,
        "particulars": stated(request),
        "lines": lines,
    }
