"""How the API describes itself: everything that the base gives to an endpoint is said of each operation."""

from collections.abc import Mapping
from typing import Any, Literal

import uritemplate
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from core.api.acts import Act
from core.api.carrying import DRY_RUN, LONGEST_KEY, REPLAYED
from core.api.pages import MOST, USUAL
from core.api.problems import MEDIA_TYPE
from core.api.serializers import ProblemSerializer, Taken

Schema = dict[str, Any]
HEADER: Literal["header"] = "header"
QUERY: Literal["query"] = "query"
PATH: Literal["path"] = "path"
# Files whose content programs read as they do an answer.
READABLE = frozenset({"application/json", "application/yaml"})
TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 0}

REFUSALS: dict[int, str] = {
    400: "The call does not say something that can be done.",
    401: "The call does not say who makes it.",
    403: "No right, or a token that was not made for this.",
    404: "There is no such thing, or none that the caller may see.",
    409: "The state of things, or the budget, does not let it happen; or a call with this key is under way.",
    410: "Its retention period is over, and it was removed; `details` has its hash.",
    412: "The thing has changed since it was read.",
    413: "The body is too large.",
    415: "This kind of body is not taken.",
    422: "The idempotency key was used for another call.",
    428: "`If-Match` is needed.",
    429: "Too many calls in a minute.",
    500: "An error of ours; nothing was half done.",
}
READING = (400, 401, 403, 404, 409, 429, 500)
WRITING = (400, 401, 403, 404, 409, 413, 415, 422, 429, 500)
ROOMS = {
    "core": "People, notices, jobs.",
    "budgets": "Budgets, controls, periods, and the ledger.",
    "approvals": "Requests and decisions.",
    "reconciliation": "Imports, invoices, payments.",
    "reporting": "Figures and packs.",
}


def only_versioned(endpoints: list[Any], **kwargs: Any) -> list[Any]:
    """Keep the addresses of this version: the plain ones beside them answer the same."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


class PurserSchema(AutoSchema):
    """Describes an endpoint from its acts."""

    view: Any

    @property
    def act(self) -> Act:
        """What the operation does."""
        act: Act = self.view.act
        return act

    def get_operation_id(self) -> str:
        """Name it after the things and the act: periods_close."""
        return f"{self.view.basename.replace('-', '_')}_{self.act.name}"

    def get_tags(self) -> list[str]:
        """Sort it by room."""
        return [self.view.room]

    def get_summary(self) -> str:
        """Say it in a line."""
        return _paragraphs(self._doc())[0]

    def get_description(self) -> str:  # type: ignore[override]  # as the library has it
        """Say the rest, and who may."""
        said = _paragraphs(self._doc())[1:]
        if self.act.name in {"list", "retrieve"}:
            said = [" ".join(_paragraphs(type(self.view).__doc__ or ""))]
        wanted = self.view.rights if self.act.rights is None else self.act.rights
        scope = f"{self.view.room}:{'write' if self.act.is_write else 'read'}"
        return "\n\n".join([*said, f"Needs one of the rights {', '.join(sorted(wanted))}; of a token the scope {scope}."])

    def _doc(self) -> str:
        name = type(self.view).__name__
        if self.act.name in {"list", "retrieve"}:
            first = _paragraphs(type(self.view).__doc__ or name)[0].rstrip(".")
            return f"List: {first}." if self.act.paged else f"Show one: {first}."
        return (self.act.function.__doc__ if self.act.function else "") or name

    def _is_list_view(self, serializer: Any = None) -> bool:
        return self.act.paged

    def _get_paginator(self) -> Any:
        return _Pages() if self.act.paged else None

    def _get_pagination_parameters(self) -> list[Schema]:
        return []

    def get_override_parameters(self) -> list[Any]:
        """Return what the address, the query and the headers may hold, and what the answer's headers do."""
        return [*self._places(), *self._queries(), *self._conditions(), *self._answered()]

    def _places(self) -> list[OpenApiParameter]:
        places: Mapping[str, tuple[Schema, str]] = self.view.places
        return [
            OpenApiParameter(name, places[name][0], PATH, required=True, description=places[name][1])
            for name in uritemplate.variables(self.path)
        ]

    def _queries(self) -> list[Any]:
        if self.act.is_write:
            said = "Say what would be, and change nothing. The answer has `dry_run` besides: what would move on budget lines."
            return [_query("dry_run", {"type": "boolean", "default": False}, said)]
        if self.act.paged:
            size = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
            orderings = list(self.view.orderings)
            return [
                _query("cursor", TEXT, "Where the page begins: taken from `next` or `previous` of another page."),
                _query("page_size", size, "How many rows a page has."),
                _query("ordering", {"type": "string", "enum": orderings, "default": orderings[0]}, "By what it is ordered."),
            ]
        return [self.act.asks] if self.act.asks else []

    def _conditions(self) -> list[OpenApiParameter]:
        if not self.act.is_write:
            return (
                [] if self.act.paged else [_header("If-None-Match", TEXT, "An ETag that the caller has: if it still holds, 304.")]
            )
        key = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"}
        found = [_header("Idempotency-Key", key, "The same key with the same call is carried out once, within 24 hours.")]
        if self.act.detail:
            said = "The ETag of what the caller has read: if it does not hold any more, 412."
            found.append(_header("If-Match", TEXT, said, required=self.act.overwrites))
        return found

    def _answered(self) -> list[OpenApiParameter]:
        good = [str(self.act.status)]
        found = [_said("RateLimit-Limit", COUNT, good, "Calls of this class in a minute."),
                 _said("RateLimit-Remaining", COUNT, good, "How many of them are left."),
                 _said("RateLimit-Reset", COUNT, good, "In how many seconds the next minute begins."),
                 _said("Retry-After", COUNT, ["429"], "In how many seconds to try again.")]  # fmt: skip
        if self.act.paged:
            found.append(_said("Link", TEXT, good, "The pages next to this one."))
        if self.act.is_write:
            found.append(_said(REPLAYED, TEXT, good, "`true`: carried out before, under the same key; this is the first answer."))
            found.append(_said(DRY_RUN, TEXT, good, "`true`: nothing was changed."))
        if self._has_tag():
            found.append(_said("ETag", TEXT, good, "The state that the answer shows."))
        return found

    def _has_tag(self) -> bool:
        return not self.act.paged and (not self.act.is_write or self.act.gives is self.view.shows)

    def get_request_serializer(self) -> Any:
        """Return what reads the body."""
        return self.act.takes

    def _get_request_body(self, direction: str = "request") -> Any:
        of_library: Any = super()
        return of_library._get_request_body(direction) if self.act.takes is not None else None

    def get_response_serializers(self) -> Any:
        """Return what is answered, by status."""
        answered: dict[Any, Any] = {self.act.status: self.act.gives or OpenApiResponse(description="Done.")}
        if self.act.sends:
            content = OpenApiTypes.OBJECT if self.act.sends in READABLE else OpenApiTypes.BINARY
            answered = {(self.act.status, self.act.sends): OpenApiResponse(content, "The file.")}
        if not self.act.is_write and not self.act.paged:
            answered[304] = OpenApiResponse(description="The caller has it already.")
        for status in self._refusals():
            answered[(status, MEDIA_TYPE)] = OpenApiResponse(ProblemSerializer, REFUSALS[status])
        return answered

    def _refusals(self) -> list[int]:
        if not self.act.is_write:
            return sorted([*READING, *([410] if self.act.sends else [])])
        found = [*WRITING, *([412] if self.act.detail else []), *([428] if self.act.overwrites else [])]
        return sorted(found)

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Schema:
        of_library: Any = super()
        mapped: Schema = of_library._map_basic_serializer(serializer, direction)
        if isinstance(serializer, Taken) or (isinstance(serializer, type) and issubclass(serializer, Taken)):
            mapped["additionalProperties"] = False
        return mapped

    def get_serializer_name(self, serializer: "serializers.Serializer[Any]", direction: str) -> str:
        """Name a component after its serializer."""
        return type(serializer).__name__.removesuffix("Serializer")


class _Pages:
    """What a page looks like."""

    def get_paginated_response_schema(self, schema: Schema) -> Schema:
        """Describe it around the rows."""
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": address, "previous": address},
        }


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.strip().split("\n\n")] if text.strip() else [""]


def _query(name: str, schema: Schema, said: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, QUERY, description=said)


def _header(name: str, schema: Schema, said: str, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, schema, HEADER, description=said, required=required)


def _said(name: str, schema: Schema, statuses: list[str], said: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, HEADER, description=said, response=statuses)


def share_refusals(result: Schema, **kwargs: Any) -> Schema:
    """Say once what is refused alike everywhere."""
    shared = result["components"].setdefault("responses", {})
    for operations in result["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            for status in [status for status in answers if status >= "400"]:
                shared[f"Problem{status}"] = answers[status]
                answers[status] = {"$ref": f"#/components/responses/Problem{status}"}
    result["components"]["responses"] = dict(sorted(shared.items()))
    return result
