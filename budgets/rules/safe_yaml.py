"""YAML from strangers, read plainly: no tags, no aliases, no key twice, bounded in size and depth, amounts kept as written."""

import re
from collections.abc import Hashable
from typing import Any

import yaml

from core.errors import InvalidInput

LARGEST = 512 * 1024
DEEPEST = 30


class PlainLoader(yaml.SafeLoader):
    """A loader that leaves every scalar as text, but for true, false and null: `NO` is a country, 314.54 keeps its cents."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  replaces the base's table, as PyYAML asks

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases, which can blow a small file up to gigabytes, and files nested too deeply."""
        if self.check_event(yaml.AliasEvent):
            raise self._refused("aliases are not read; write the value out")
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._refused("it is nested too deeply")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _refused(self, problem: str) -> yaml.MarkedYAMLError:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that is there twice: one of the two would be lost without a word."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.MarkedYAMLError(problem="a key must be text", problem_mark=key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"“{key[:60]}” is there twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])


def read(content: bytes) -> dict[str, Any]:
    """Return the mapping that a YAML file holds. Raises InvalidInput with the line of what is wrong."""
    if len(content) > LARGEST:
        raise _bad(f"The file has {len(content):,} bytes.", f"Keep it under {LARGEST:,}.")
    try:
        loaded = yaml.load(content.decode("utf-8-sig"), Loader=PlainLoader)  # noqa: S506  PlainLoader is a SafeLoader
    except UnicodeDecodeError as error:
        raise _bad("The file is not text in UTF-8.", "Save it as UTF-8.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        raise _bad(f"The file is not YAML as it is read here: {where}: {error.problem}.", "Correct that line.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _bad(f"The file is not YAML as it is read here: {str(error)[:200]}.", "Correct it.") from error
    if not isinstance(loaded, dict):
        raise _bad("The file does not hold a mapping.", "Begin it with keys, such as `budget:`.")
    return loaded


def _bad(message: str, remedy: str) -> InvalidInput:
    return InvalidInput(message, remedy=remedy, code="invalid_file")
