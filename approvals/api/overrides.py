"""Overrides for programs: that a request may pass the limits that refuse it."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.db.models import QuerySet
from rest_framework import serializers

from approvals.api.queue import NUMBERED, PLACE
from approvals.models import Override, Request
from approvals.selectors.facts import digest_of_request
from approvals.selectors.overrides import effects_overridden, overrides_of
from approvals.selectors.requests import access_request_by_number, visible_requests
from approvals.services.overrides import ask_override
from core.api.acts import write
from core.api.endpoint import Listed
from core.api.fields import AmountField, MomentField, MonthField
from core.api.serializers import Given, Taken
from core.rules.rights import Right

READERS = frozenset({Right.REQUEST, Right.DECIDE, Right.AUDIT})
ASKS = frozenset({Right.REQUEST})


class OverrideSerializer(Given):
    """An override that was asked for, and how it stands."""

    request = serializers.CharField(source="override.request.number", help_text="By which it is decided.")
    covers = serializers.CharField(source="override.covers.number", help_text="What may pass once it is approved.")
    state = serializers.ChoiceField(Request.State.choices, source="override.request.state")
    reason = serializers.CharField(source="override.request.reason")
    submitted_at = MomentField(source="override.request.submitted_at", allow_null=True)
    lets_pass = serializers.BooleanField(help_text="It is approved, for just what the request asks for now: submit that.")


class OverrideTakenSerializer(Taken):
    """Why it should pass all the same."""

    reason = serializers.CharField(max_length=2000)


class GoneBeyondSerializer(Given):
    """A limit that what is covered would go beyond, its tightest window before and after, in the line's currency."""

    node = serializers.CharField(help_text="What the limit is on.")
    window = serializers.CharField()
    first = MonthField(allow_null=True, help_text="The window's first month; null over a whole life.")
    last = MonthField(allow_null=True)
    cap = AmountField(help_text="What it may hold, with its tolerance.")
    held = AmountField()
    wanted = AmountField()
    left_before = AmountField(source="left_now")
    left_after = AmountField()


class OverrideAskedSerializer(Given):
    """The request by which it is decided, and what would be gone beyond. Nothing is held meanwhile."""

    request = serializers.CharField(source="asked.number")
    state = serializers.ChoiceField(Request.State.choices, source="asked.state")
    covers = serializers.CharField()
    limits = GoneBeyondSerializer(many=True)


class Overrides(Listed[Override]):
    """What was asked so that a request may pass the limits that refuse it, the newest first."""

    room = "approvals"
    model = Override
    rights = READERS
    shows = OverrideSerializer
    orderings = ("-request_id", "request_id")
    places = {"number": (PLACE, NUMBERED)}

    def rows(self) -> QuerySet[Override]:
        found = overrides_of(self._covered()).filter(request__in=visible_requests(self.person).order_by().values("pk"))
        return found.select_related("covers")

    def dress(self, rows: Sequence[Override]) -> list[Any]:
        now = digest_of_request(self._covered()) if rows else ""
        return [{"override": row, "lets_pass": _is_approved(row) and row.covered_digest == now} for row in rows]

    def _covered(self) -> Request:
        return access_request_by_number(self.person, self.kwargs["number"])

    @write(takes=OverrideTakenSerializer, gives=OverrideAskedSerializer, status=201, rights=ASKS)
    def create(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ask that one's own draft may pass the limits that refuse it. It is decided as the policy says, with a clock.

        A dry run gives the limits that would be gone beyond.
        """
        covered = self._covered()
        asked = ask_override(actor=self.person, covers_id=covered.pk, reason=data["reason"], form_key=uuid4())
        return {"asked": asked, "covers": covered.number, "limits": effects_overridden(asked)}


def _is_approved(override: Override) -> bool:
    return bool(override.request.state == Request.State.APPROVED)
