"""Tags of a request: a few words of the form key=value by which rules and people find it again. Pure."""

import re
from collections.abc import Mapping

MOST_TAGS = 10
KEY = re.compile(r"^[a-z][a-z0-9_-]{0,39}$")
VALUE = re.compile(r"^[^\s,=][^,=\n\r\t\x00-\x1f]{0,59}$")
EXAMPLE = "project=apollo, region=emea"


def read_tags(text: str) -> dict[str, str]:
    """Return the tags of a line of text such as `project=apollo, region=emea`. Raises ValueError with a sentence."""
    tags: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            raise ValueError(f"Write each tag as key=value, such as {EXAMPLE}; “{part[:60]}” has no equals sign.")
        if key.lower() in tags:
            raise ValueError(f"The tag {key.lower()[:40]} stands there twice. Keep one of them.")
        tags[key.lower()] = value
    check_tags(tags)
    return tags


def check_tags(tags: Mapping[str, str]) -> None:
    """Raise ValueError, with a sentence, for what is no set of tags."""
    if len(tags) > MOST_TAGS:
        raise ValueError(f"A request bears at most {MOST_TAGS} tags. Take {len(tags) - MOST_TAGS} away.")
    for key, value in tags.items():
        if not KEY.match(key):
            raise ValueError(f"“{key[:60]}” is no key: up to 40 small letters, digits, hyphens; a letter comes first.")
        if not VALUE.match(value):
            raise ValueError(f"The value of {key} has 1 to 60 characters, without commas and equals signs.")


def tags_text(tags: Mapping[str, str]) -> str:
    """Return tags as one would type them, in the order of their keys."""
    return ", ".join(f"{key}={tags[key]}" for key in sorted(tags))


def marks_of(tags: Mapping[str, str]) -> frozenset[str]:
    """Return tags as they are compared: whatever the case of their values."""
    return frozenset(f"{key}={value.casefold()}" for key, value in tags.items())
