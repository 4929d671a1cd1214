"""What an endpoint does, declared where it is done: what it takes, what it gives, who may, how it is answered."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPMethod
from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.serializers import FileField, Serializer

from core.rules.rights import Right

# The usual names, which the router knows: the method of each, and whether it is done to one object.
USUAL: dict[str, tuple[str, bool]] = {
    "list": ("GET", False),
    "retrieve": ("GET", True),
    "create": ("POST", False),
    "update": ("PUT", True),
    "partial_update": ("PATCH", True),
    "destroy": ("DELETE", True),
}
OVERWRITING = frozenset({"PUT", "PATCH", "DELETE"})
Function = Callable[..., Any]
AnySerializer = type[Serializer[Any]]


@dataclass(frozen=True)
class Act:
    """One thing that an endpoint does.

    `takes` reads the body, `asks` the query; `gives` writes the answer, of `status`: None says nothing (204). `rights` are those
    of which one is needed, None for the endpoint's own. `overwrites` makes `If-Match` a must. `heavy` has a smaller share of
    calls. `sends` is the media type of a file that it hands out, in place of `gives`. `each` is one of several things at once,
    which it carries out one by one with `carrying.once`.
    """

    name: str
    method: str
    detail: bool
    takes: AnySerializer | None = None
    asks: AnySerializer | None = None
    gives: AnySerializer | None = None
    paged: bool = False
    status: int = 200
    rights: frozenset[Right] | None = None
    overwrites: bool = False
    heavy: bool = False
    sends: str = ""
    each: bool = False
    function: Function | None = field(default=None, compare=False)

    @property
    def is_write(self) -> bool:
        return self.method != "GET"

    @property
    def takes_file(self) -> bool:
        """Say whether its body is a form with a file in it."""
        return self.takes is not None and any(isinstance(each, FileField) for each in self.takes().fields.values())

    @property
    def kind(self) -> str:
        """Return the class of calls that it counts as."""
        if self.heavy:
            return "heavy"
        return "write" if self.is_write else "read"


def write(
    *,
    takes: AnySerializer | None = None,
    gives: AnySerializer | None = None,
    status: int = 0,
    path: str = "",
    method: str = "",
    detail: bool = True,
    rights: Collection[Right] | None = None,
    overwrites: bool | None = None,
    heavy: bool = False,
    each: bool = False,
) -> Callable[[Function], Function]:
    """Make a method an act that changes something.

    The method gets the object, where it is done to one, and then what `takes` read, where there is something to read; it calls
    one service and returns what `gives` writes. `create`, `update`, `partial_update` and `destroy` answer at the usual
    addresses; any other name has one of its own below the object, or below the list where `detail` is False.
    """

    def declare(function: Function) -> Function:
        usual_method, usual_detail = USUAL.get(function.__name__, ("POST", detail))
        verb = method or usual_method
        act = Act(
            name=function.__name__,
            method=verb,
            detail=usual_detail,
            takes=takes,
            gives=gives,
            status=status or (200 if gives else 204),
            rights=frozenset(rights) if rights is not None else None,
            overwrites=verb in OVERWRITING if overwrites is None else overwrites,
            heavy=heavy,
            each=each,
            function=function,
        )
        return _handler(act, path)

    return declare


def read(
    *,
    gives: AnySerializer,
    asks: AnySerializer | None = None,
    path: str = "",
    detail: bool = True,
    rights: Collection[Right] | None = None,
    heavy: bool = False,
) -> Callable[[Function], Function]:
    """Make a method an act that reads something besides the list and the object: at an address of its own.

    The method gets the object, where it is about one, and then what `asks` read from the query.
    """

    def declare(function: Function) -> Function:
        act = Act(
            name=function.__name__,
            method="GET",
            detail=USUAL.get(function.__name__, ("GET", detail))[1],
            asks=asks,
            gives=gives,
            rights=frozenset(rights) if rights is not None else None,
            heavy=heavy,
            function=function,
        )
        return _handler(act, path)

    return declare


def download(
    *, sends: str, path: str = "", rights: Collection[Right] | None = None, heavy: bool = False
) -> Callable[[Function], Function]:
    """Make a method an act that hands out a file of an object: it gets the object, and returns a `files.Sent`."""

    def declare(function: Function) -> Function:
        wanted = frozenset(rights) if rights is not None else None
        act = Act(function.__name__, "GET", detail=True, sends=sends, rights=wanted, heavy=heavy, function=function)
        return _handler(act, path)

    return declare


def _handler(act: Act, path: str) -> Function:
    assert act.function is not None

    @wraps(act.function)
    def handler(endpoint: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer: HttpResponseBase = endpoint.do(act)
        return answer

    handler.act = act  # type: ignore[attr-defined]  # read by the endpoint and by the description of the API
    if act.name in USUAL:
        return handler
    routed: Function = action(detail=act.detail, methods=[HTTPMethod(act.method)], url_path=path or act.name.replace("_", "-"))(
        handler
    )
    return routed
