"""Codes of cost centres, categories and vendors: plain, short, fit for a path."""

import re
from collections.abc import Container

from core.errors import InvalidInput
from core.names import fold

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check_code(code: str, *, longest: int = 40) -> str:
    """Return the code. Raises InvalidInput where it is not letters, digits, dots, underscores and dashes."""
    if not _CODE.fullmatch(code) or len(code) > longest:
        raise InvalidInput(
            f"“{code[:longest]}” is not a code.",
            remedy=f"Use up to {longest} letters, digits, dots, underscores and dashes, and begin with a letter or digit.",
            code="invalid_code",
        )
    return code


def code_from(name: str, taken: Container[str], *, longest: int = 50) -> str:
    """Return a code made of a name, with a number behind it where the plain one is taken."""
    base = "-".join(re.findall(r"[a-z0-9]+", fold(name)))[:longest].strip("-") or "vendor"
    code, number = base, 1
    while code in taken:
        number += 1
        code = f"{base}-{number}"
    return code


def path_below(parent_path: str, code: str) -> str:
    """Return the path of a node: the chain of codes, `/ACME/ENG/`. Raises InvalidInput where the tree gets too deep."""
    path = f"{parent_path or '/'}{code}/"
    if len(path) > 600:
        raise InvalidInput("The tree gets too deep here.", remedy="Put the node nearer to the top.", code="too_deep")
    return path
