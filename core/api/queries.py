"""What a call asks for in its address: each parameter known, once, and readable."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import exceptions
from rest_framework.request import Request

from core.api.acts import Act, AnySerializer
from core.api.errors import BadParameter
from core.api.pages import PARAMETERS
from core.errors import NotFound

M = TypeVar("M", bound=Model)
DRY_RUN = "dry_run"


def names_of(endpoint: Any, act: Act) -> set[str]:
    """Return the parameters that an act knows."""
    if act.is_write:
        return {DRY_RUN}
    if act.paged:
        filters = endpoint.filterset_class
        return {*PARAMETERS, *(filters.base_filters if filters else ())}
    return set(act.asks().fields) if act.asks else set()


def check_path(places: Mapping[str, str]) -> None:
    """Refuse what no address can hold. Raises NotFound."""
    if any("\x00" in value for value in places.values()):
        raise NotFound("There is nothing here, or nothing that you may see.")


def check_names(request: Request, known: Collection[str]) -> None:
    """Refuse parameters that are not known, that come twice, or that hold NUL. Raises BadParameter."""
    wrong: dict[str, str] = {}
    for name, values in request.query_params.lists():
        if name not in known:
            wrong[name[:60]] = "This parameter is not known."
        elif len(values) > 1:
            wrong[name] = "This parameter is given twice."
        elif "\x00" in values[0]:
            wrong[name] = "This parameter holds a character that cannot be kept."
    if wrong:
        remedy = f"Known here: {', '.join(sorted(known))}." if known else "None is known here."
        raise BadParameter(f"Parameters do not fit: {', '.join(sorted(wrong))}.", remedy=remedy, details=wrong)


def asked(asks: AnySerializer, request: Request) -> Any:
    """Return what the query says. Raises ValidationError."""
    reader = asks(data=request.query_params.dict(), context={"request": request})
    reader.is_valid(raise_exception=True)
    return reader.validated_data


def filtered(filterset_class: Any, rows: QuerySet[M], request: Request) -> QuerySet[M]:
    """Return the rows that pass the filters. Raises ValidationError where one cannot be read."""
    if filterset_class is None:
        return rows
    filters = filterset_class(request.query_params, queryset=rows, request=request)
    if not filters.is_valid():
        raise exceptions.ValidationError({name: [str(said) for said in found] for name, found in filters.errors.items()})
    chosen: QuerySet[M] = filters.qs
    return chosen


def is_dry_run(request: Request) -> bool:
    """Say whether the call only asks what it would do. Raises BadParameter for anything but true and false."""
    stated = request.query_params.get(DRY_RUN, "false")
    if stated not in {"true", "false"}:
        raise BadParameter(
            "A dry run is asked for by true.", remedy="Say dry_run=true, or leave it out.", details={DRY_RUN: "true or false"}
        )
    return stated == "true"
