"""What programs can call, for people: every operation by room, with a call to try."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.api.description import described
from core.api.schema import ROOMS

EXAMPLES: dict[str, Any] = {"string": "…", "integer": 1, "boolean": True, "array": [], "object": {}}


@dataclass(frozen=True)
class Operation:
    """One operation as the page shows it. `parameters` are name, where it stands, and what it says."""

    method: str
    path: str
    summary: str
    description: str
    parameters: list[tuple[str, str, str]]
    answers: list[str]
    call: str


@dataclass
class Room:
    """A room's operations, in the order of their addresses."""

    name: str
    about: str
    operations: list[Operation] = field(default_factory=list)


@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    """Show the description of the API as a page."""
    return render(request, "core/api.html", {"rooms": _rooms(), "base": settings.BASE_URL})


def _rooms() -> list[Room]:
    found = described()
    rooms = {name: Room(name, about) for name, about in ROOMS.items()}
    for path, methods in found["paths"].items():
        for method, said in methods.items():
            rooms[said["tags"][0]].operations.append(_operation(found, method.upper(), path, said))
    return [room for room in rooms.values() if room.operations]


def _operation(found: dict[str, Any], method: str, path: str, said: dict[str, Any]) -> Operation:
    own = [each for each in said.get("parameters", []) if each["in"] != "header" or each.get("required")]
    return Operation(
        method,
        path,
        said["summary"],
        said.get("description", ""),
        [(each["name"], each["in"], each.get("description", "")) for each in own],
        sorted(said["responses"]),
        _call(found, method, path, said),
    )


def _call(found: dict[str, Any], method: str, path: str, said: dict[str, Any]) -> str:
    """Return a call to try, for a shell: with what must be in it, and nothing else."""
    parts = ["curl", *([] if method == "GET" else ["-X", method]), '-H "Authorization: Bearer $TOKEN"']
    if any(each["name"] == "If-Match" and each.get("required") for each in said.get("parameters", [])):
        parts.append("""-H 'If-Match: "…"'""")
    if method != "GET":
        parts.append('-H "Idempotency-Key: $(uuidgen)"')
    content = said.get("requestBody", {}).get("content", {}).get("application/json")
    if content:
        body = json.dumps(_example(found, content["schema"]), ensure_ascii=False)
        parts += ['-H "Content-Type: application/json"', f"-d '{body}'"]
    return " ".join([*parts, f"{settings.BASE_URL}{path}"])


def _example(found: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Return something that fits a schema: what must be there, the first of what may be chosen."""
    if "$ref" in schema:
        return _example(found, found["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    stated = [schema[name] for name in ("example", "const", "default") if name in schema] + schema.get("enum", [])
    if stated:
        return stated[0]
    if options := schema.get("anyOf") or schema.get("allOf"):
        return _example(found, options[0])
    return _example_of_type(found, schema)


def _example_of_type(found: dict[str, Any], schema: dict[str, Any]) -> Any:
    if schema.get("type") == "object":
        return {name: _example(found, schema["properties"][name]) for name in schema.get("required", [])}
    if schema.get("type") == "array" and schema.get("minItems"):
        return [_example(found, schema["items"])]
    return "2026-03-02" if schema.get("format") == "date" else EXAMPLES.get(str(schema.get("type")), "…")
