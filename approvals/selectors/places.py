"""Where a request spends: the cost centres of its lines, and those that it gives to."""

from collections.abc import Iterable

from approvals.models import Request, RequestLine
from approvals.rules.paths import common_path
from approvals.selectors.terms import places_besides


def paths_of(request: Request) -> list[str]:
    """Return the paths of the cost centres that pay for a request, or are given to, each once."""
    pays = request.lines.order_by().values_list("account__cost_centre__path", flat=True).distinct()
    return list(dict.fromkeys([*pays, *places_besides(request)]))


def path_of(request: Request) -> str:
    """Return the path of the lowest cost centre at or above all that pay for a request."""
    return common_path(paths_of(request))


def path_of_each(requests: Iterable[Request]) -> dict[int, str]:
    """Return `path_of` for each of several requests, by their ids, whose lines are read together."""
    here = {request.pk: request for request in requests}
    found: dict[int, list[str]] = {pk: places_besides(request) for pk, request in here.items()}
    pays = RequestLine.objects.filter(request__in=here).order_by("request", "number")
    for request_id, path in pays.values_list("request_id", "account__cost_centre__path"):
        found[request_id].append(path)
    return {pk: common_path(paths) for pk, paths in found.items()}
