"""The settings reference is what the settings are."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from config.operations.reference import names_read, reference, source, variables

PLANTED = '''
# How many.
# In pieces.
COUNT = env.int("PURSER_COUNT", default=3)
MORE = env.int("PURSER_MORE", default=4)

NAKED = env.bool("PURSER_NAKED", default=False)
def _key() -> str:
    """The key."""
    return env.str("PURSER_PLANTED_TOKEN", default="")
PLACE = Path(env.str("PURSER_PLACE", default=str(VAR_DIR / "place")))
OTHERS = {name: env.list(f"PURSER_OIDC_{name}", default=["a", "b"]) for name in NAMES}
NEEDED = env.str("PURSER_NEEDED")
'''


def test_the_page_is_up_to_date() -> None:
    call_command("settings_reference", "--check")


def test_every_setting_says_what_it_is_for() -> None:
    assert [each.name for each in variables(source()) if not each.about] == []


def test_what_is_read_is_found_with_type_default_and_comment() -> None:
    found = {each.name: (each.type, each.default, each.about, each.is_secret) for each in variables(PLANTED)}
    assert found == {
        "PURSER_COUNT": ("number", "`3`", "How many. In pieces.", False),
        "PURSER_MORE": ("number", "`4`", "How many. In pieces.", False),
        "PURSER_NAKED": ("yes or no", "no", "", False),
        "PURSER_PLANTED_TOKEN": ("text", "", "The key.", True),
        "PURSER_PLACE": ("text", "`var/place`", "", False),
        "PURSER_OIDC_*": ("list, with commas", "`a,b`", "", False),
        "PURSER_NEEDED": ("text", "required", "", False),
    }
    assert {"PURSER_COUNT", "PURSER_PLACE"} <= names_read(PLANTED)


def test_a_page_that_differs_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.management.commands.settings_reference.source", lambda: source() + PLANTED)
    with pytest.raises(CommandError, match=r"manage\.py settings_reference"):
        call_command("settings_reference", "--check")
    assert "PURSER_COUNT" in reference(source() + PLANTED)


def test_nothing_in_the_house_names_a_variable_that_is_not_read() -> None:
    readme = (Path(settings.BASE_DIR) / "README.md").read_text()
    named = {word.strip("`,.;:()") for word in readme.split() if word.startswith("`PURSER_")}
    assert named <= names_read()
