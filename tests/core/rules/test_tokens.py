"""What a token looks like and reaches."""

import itertools

import pytest

from core.rules.tokens import LENGTH, compose, digest_of, is_well_formed, is_within, prefix_of, scopes_reach


def token(first: int = 0) -> str:
    letters = itertools.count(first)
    return compose(lambda alphabet: alphabet[next(letters) % len(alphabet)])


def test_a_token_is_well_formed_and_a_mistyped_one_is_not() -> None:
    made = token()
    assert made.startswith("purser_")
    assert len(made) == LENGTH
    assert is_well_formed(made)
    assert prefix_of(made) == "01234567"
    for place in range(len(made)):
        other = "x" if made[place] != "x" else "y"
        assert not is_well_formed(made[:place] + other + made[place + 1 :])
    assert not is_well_formed(made[:-1])
    assert not is_well_formed("")


def test_a_digest_tells_tokens_apart() -> None:
    assert len({digest_of(token(first)) for first in range(50)}) == 50


@pytest.mark.parametrize(
    ("scopes", "wanted", "reach"),
    [
        (["budgets:read"], "budgets:read", True),
        (["budgets:write"], "budgets:read", True),
        (["budgets:read"], "budgets:write", False),
        (["core:write"], "budgets:read", False),
        ([], "core:read", False),
    ],
)
def test_scopes_reach_as_far_as_they_say(scopes: list[str], wanted: str, reach: bool) -> None:
    assert scopes_reach(scopes, wanted) is reach


@pytest.mark.parametrize(
    ("address", "networks", "within"),
    [
        ("192.0.2.7", [], True),
        ("192.0.2.7", ["192.0.2.0/24"], True),
        ("::ffff:192.0.2.7", ["192.0.2.0/24"], True),
        ("192.0.3.7", ["192.0.2.0/24"], False),
        ("2001:db8::1", ["192.0.2.0/24", "2001:db8::/32"], True),
        ("nonsense", ["192.0.2.0/24"], False),
        ("", ["192.0.2.0/24"], False),
    ],
)
def test_an_address_lies_in_its_networks(address: str, networks: list[str], within: bool) -> None:
    assert is_within(address, networks) is within
