"""The base of every endpoint. docs/api.md shows how one is made of it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from core import viewer
from core.api import carrying, files, limits, queries
from core.api.acts import USUAL, Act, AnySerializer
from core.api.etags import check_match, etag_of, is_known
from core.api.pages import page_of
from core.api.permissions import ByRights
from core.errors import NotFound
from core.locks import lock_thing
from core.models import ApiToken, User
from core.rules.rights import Right

M = TypeVar("M", bound=Model)
NUMBER: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 2**53}
CODE: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 60}
NOWHERE = NotFound("There is no such thing, or none that you may see.", remedy="Start from a list.")


class Endpoint(GenericViewSet[M], Generic[M]):
    """Things of one kind at one address.

    A subclass names its `room` (tokens are made for rooms), the `model`, the `rights` of which one opens it, what it `shows`, and
    says by selectors which `rows` a person may see and what `one` of them is. What it changes are methods with `@write`.
    """

    room: ClassVar[str]
    model: ClassVar[type[Model]]
    # One of them opens what is read. A write names its own.
    rights: ClassVar[frozenset[Right]]
    shows: ClassVar[AnySerializer]
    lists: ClassVar[AnySerializer | None] = None
    filterset_class: ClassVar[Any] = None
    # By what a list may be ordered; the first is usual. Columns that are never empty.
    orderings: ClassVar[Sequence[str]] = ("id",)
    # What the names in the address may be, and stand for.
    places: ClassVar[dict[str, tuple[dict[str, Any], str]]] = {}
    lookup_url_kwarg = "id"
    lookup_value_regex = "[^/]+"
    share: limits.Share | None = None
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    permission_classes = (ByRights,)
    filter_backends = (DjangoFilterBackend,)

    # What a room says.

    def rows(self) -> QuerySet[M]:
        """Return the rows that the person may see: a selector's. Where a room says nothing, none."""
        return self.model._default_manager.none()  # type: ignore[return-value]  # of the model M

    def one(self) -> M:
        """Return the object that the address names, through the room's guarded door. Raises NotFound, as where there is none."""
        raise NOWHERE

    def dress(self, rows: list[M]) -> list[Any]:
        """Return what `shows` writes of the rows: they themselves, or something with figures that are read for all at once."""
        return list(rows)

    # Who calls.

    @property
    def person(self) -> User:
        """The person who calls, or whose token does."""
        user = self.request.user
        if not isinstance(user, User):
            raise exceptions.NotAuthenticated
        return user

    @property
    def token(self) -> ApiToken | None:
        """The token of the call; None where it comes from a browser's session."""
        return self.request.auth if isinstance(self.request.auth, ApiToken) else None

    @property
    def act(self) -> Act:
        """What is being done."""
        act = self.act_of(self.action or "")
        assert act is not None
        return act

    @classmethod
    def act_of(cls, name: str) -> Act | None:
        """Return what a method of this endpoint does."""
        declared: Act | None = getattr(getattr(cls, name, None), "act", None)
        if declared is not None or name not in USUAL:
            return declared
        shown = cls.lists or cls.shows if name == "list" else cls.shows
        return Act(name, USUAL[name][0], USUAL[name][1], gives=shown, paged=name == "list")

    def number(self, name: str = "id") -> int:
        """Return a number that the address names; what is none names nothing. Raises NotFound."""
        text = self.kwargs[name]
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise NOWHERE
        return int(text)

    # What happens to each call.

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Take a call from its sign-in to its answer."""
        self.args, self.kwargs = args, kwargs
        call = self.initialize_request(request, *args, **kwargs)
        self.request = call
        self.headers = self.default_response_headers
        try:
            response = self._handled(call)
        except Exception as error:  # noqa: BLE001  whatever it is, the caller gets a problem, and the log the error
            response = self.handle_exception(error)
        self.response = self.finalize_response(call, response, *args, **kwargs)
        return self.response

    def _handled(self, call: Request) -> HttpResponseBase:
        handler = getattr(self, (call.method or "").lower(), None)
        if handler is None or self.act_of(self.action or "") is None:
            raise exceptions.MethodNotAllowed(call.method or "")
        self.perform_content_negotiation_for(call)
        self.perform_authentication(call)
        with self._seen_by_caller():
            self.check_permissions(call)
            self._take_share()
            self._check_address()
            response: HttpResponseBase = handler(call, *self.args, **self.kwargs)
        return response

    def get_parsers(self) -> list[BaseParser]:
        """Read a form where the act takes a file, else JSON. The framework asks before it has noted the act."""
        names: dict[str, str] = getattr(self, "action_map", None) or {}
        method = self.request.method if getattr(self, "request", None) is not None else None
        act = self.act_of(names.get((method or "").lower()) or getattr(self, "action", None) or "")
        return [MultiPartParser()] if act is not None and act.takes_file else super().get_parsers()

    def perform_content_negotiation_for(self, call: Request) -> None:
        """Answer in JSON, whatever is asked for: there is nothing else."""
        renderer = self.get_renderers()[0]
        call.accepted_renderer, call.accepted_media_type = renderer, renderer.media_type

    def _seen_by_caller(self) -> AbstractContextManager[Any]:
        """Narrow what follows to what the person may see, in their zone."""
        user = self.request.user
        if not isinstance(user, User):
            return nullcontext()
        # What rows the database shows them was said when they signed in, by session or by token.
        return timezone.override(viewer.known_zone(viewer.zone_of(user)))

    def _take_share(self) -> None:
        share = limits.take_share(person=self.person, token=self.token, kind=self.act.kind)
        self.share = share
        limits.check(share)

    def _check_address(self) -> None:
        queries.check_path(self.kwargs)
        queries.check_names(self.request, queries.names_of(self, self.act))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Add what every answer says."""
        if not hasattr(request, "accepted_renderer"):
            self.perform_content_negotiation_for(request)
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "private, no-cache")
        if self.share is not None:
            for name, value in self.share.headers().items():
                answer[name] = value
        return answer

    # What is done.

    def do(self, act: Act) -> HttpResponseBase:
        """Carry out an act and answer it."""
        if act.is_write:
            carry_out = carrying.carry_out_each if act.each else carrying.carry_out
            return carry_out(self, partial(self._changed, act))
        one = [self.one()] if act.detail else []
        asked = [queries.asked(act.asks, self.request)] if act.asks else []
        assert act.function is not None
        found = act.function(self, *one, *asked)
        return files.sent(found, self.request) if isinstance(found, files.Sent) else self._tagged(self._written(act, found))

    def _changed(self, act: Act) -> Response:
        assert act.function is not None
        one = [self._one_to_change(act)] if act.detail else []
        taken = [carrying.taken(act.takes, self.request)]
        result = act.function(self, *one, *(taken if act.takes else []))
        if act.gives is self.shows and isinstance(result, self.model):
            result = self.dress([result])[0]  # type: ignore[list-item]  # of the model, as the line above says
        answer = self._written(act, result)
        if act.gives is self.shows:
            answer["ETag"] = etag_of(answer.data)
        return answer

    def _one_to_change(self, act: Act) -> M:
        """Return the object, with other calls to it kept waiting, once the caller has shown to know its state."""
        lock_thing(f"{self.model._meta.label_lower}:{sorted(self.kwargs.items())}")
        one = self.one()
        stated = self.request.headers.get("If-Match")
        if stated is not None or act.overwrites:
            check_match(stated, etag_of(self.written(one)), needed=act.overwrites)
        return one

    def written(self, one: M) -> Any:
        """Return an object as its address shows it."""
        return self.shows(self.dress([one])[0], context=self.get_serializer_context()).data

    def _written(self, act: Act, result: Any) -> Response:
        if act.gives is None:
            return Response(status=act.status)
        writer: Serializer[Any] = act.gives(result, context=self.get_serializer_context())
        return Response(writer.data, status=act.status)

    def _tagged(self, answer: Response) -> Response:
        """Add the tag of what is said; where the caller has it already, say only that."""
        etag = etag_of(answer.data)
        if is_known(self.request.headers.get("If-None-Match"), etag):
            answer = Response(status=HTTPStatus.NOT_MODIFIED)
        answer["ETag"] = etag
        return answer

    def get_serializer_context(self) -> dict[str, Any]:
        """Return what serializers may ask of the call."""
        return {"request": self.request, "view": self}

    def get_queryset(self) -> QuerySet[M]:
        """Return the rows, or none of them where only the description of the API is being made."""
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()  # type: ignore[return-value]  # of the model M
        return self.rows()


class Listed(Endpoint[M]):
    """An endpoint whose rows are listed, page by page."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them."""
        rows = queries.filtered(self.filterset_class, self.get_queryset(), request)
        page = page_of(rows, request, self.orderings)
        writer = (self.lists or self.shows)(self.dress(page.rows), many=True, context=self.get_serializer_context())
        answer = Response({"results": writer.data, "next": page.next, "previous": page.previous})
        links = [f'<{url}>; rel="{rel}"' for rel, url in (("next", page.next), ("prev", page.previous)) if url]
        if links:
            answer["Link"] = ", ".join(links)
        return answer


class Shown(Endpoint[M]):
    """An endpoint whose objects have an address each."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Show one."""
        return self._tagged(Response(self.written(self.one())))
