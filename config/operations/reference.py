"""The settings reference, made from config/settings.py: each variable, its type, its default, and the comment above it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from django.conf import settings

WORDS = {
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "yes or no",
    "list": "list, with commas",
    "dict": "pairs",
    "json": "JSON",
    "url": "address",
    "email_url": "address",
    "db_url": "address",
    "cache_url": "address",
    "db": "address",
}
_SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|_KEY\b|DATABASE_URL|BROKER_URL|EMAIL_URL|CACHE_URL|CREDENTIAL")
HEAD = """# Settings

All by environment; `config/settings.py` is the only reader. Made from it by `manage.py settings_reference`; do not edit by hand.
`manage.py doctor` names `PURSER_` variables that are set and that nothing reads. Yes is `1`, `true` or `on`.

| variable | type | default | what |
|---|---|---|---|
"""
FOOT = """
A variable marked *secret* holds a key or a password: give it by a file that only Purser's user reads, never on a command line.
"""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment, as settings read it."""

    name: str
    type: str
    default: str
    about: str
    is_secret: bool


def source() -> str:
    """Return the text of the settings."""
    return (Path(settings.BASE_DIR) / "config" / "settings.py").read_text(encoding="utf-8")


def variables(text: str) -> list[Variable]:
    """Return each variable that the settings read, once, in their order."""
    found: dict[str, Variable] = {}
    lines = text.splitlines()
    for statement in ast.parse(text).body:
        about = _about(statement, lines)
        for call in _reads(statement):
            variable = _variable(call, about)
            kept = found.get(variable.name)
            # One that is read twice is told of where it says more.
            if (
                kept is None
                or (not kept.about and variable.about)
                or (kept.default == "" and variable.default and not kept.about)
            ):
                found[variable.name] = variable
    return list(found.values())


def names_read(text: str = "") -> set[str]:
    """Return the names of all variables that are read. A name made in a loop stands with a star."""
    return {variable.name for variable in variables(text or source())} | set(_given_names())


@cache
def _given_names() -> tuple[str, ...]:
    """Return those variables of the present environment that fit a name with a star."""
    patterns = [variable.name for variable in variables(source()) if "*" in variable.name]
    return tuple(name for name in settings.ENVIRONMENT_PASSED_ON if any(fnmatchcase(name, each) for each in patterns))


def reference(text: str) -> str:
    """Return the page."""
    rows = [
        f"| `{each.name}`{' *secret*' if each.is_secret else ''} | {each.type} | {each.default or '—'} | {each.about} |"
        for each in variables(text)
    ]
    return HEAD + "\n".join(rows) + "\n" + FOOT


def _reads(statement: ast.stmt) -> Iterator[ast.Call]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args and _name(node.args[0]):
            owner = ast.unparse(node.func.value)
            if owner in {"env", "environ.Env()"} and node.func.attr in WORDS:
                yield node


def _name(argument: ast.expr) -> str:
    """Return the variable's name; the parts that a loop fills in are stars."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        name = argument.value
    elif isinstance(argument, ast.JoinedStr):
        name = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in argument.values)
    else:
        return ""
    return name if re.fullmatch(r"[A-Z*][A-Z0-9_*]+", name) else ""


def _variable(call: ast.Call, about: str) -> Variable:
    assert isinstance(call.func, ast.Attribute)
    name = _name(call.args[0])
    given = next((each.value for each in call.keywords if each.arg == "default"), call.args[1] if len(call.args) > 1 else None)
    return Variable(name, WORDS[call.func.attr], _default(given), about.replace("|", "\\|"), bool(_SECRET.search(name)))


def _default(given: ast.expr | None) -> str:
    """Return a default as a reader takes it: a value plain, a place below the project by its path, code as code."""
    if given is None:
        return "required"
    text = ast.unparse(given)
    if re.fullmatch(r"str\((BASE_DIR|VAR_DIR)( / '[\w.]+')*\)", text):
        root = "var" if "VAR_DIR" in text else "."
        return "`" + "/".join([root, *re.findall(r"'([\w.]+)'", text)]).removeprefix("./") + "`"
    try:
        value = ast.literal_eval(given)
    except ValueError:
        return f"`{text}`"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return f"`{','.join(map(str, value))}`" if value else ""
    return f"`{value}`" if value != "" else ""


def _about(statement: ast.stmt, lines: list[str]) -> str:
    """Return the comment above a statement or above the lines it stands with, or what a function says of itself."""
    if isinstance(statement, ast.FunctionDef) and (said := ast.get_docstring(statement)):
        return " ".join(said.split())
    told: list[str] = []
    number = statement.lineno - 2
    # A comment above several lines without a gap is about all of them.
    while number >= 0 and lines[number] and not lines[number].startswith("#"):
        number -= 1
    while number >= 0 and lines[number].startswith("#"):
        told.insert(0, lines[number].lstrip("# ").strip())
        number -= 1
    return " ".join(told)
