"""Sealed texts: read by whoever has a key, by nobody else, and not changed unnoticed."""

import pytest

from core.rules.sealing import MARK, UnsealableError, is_current, is_sealed, seal, unseal


def test_what_is_sealed_is_read_with_its_key_and_never_looks_the_same_twice() -> None:
    one, other = seal("JBSWY3DPEHPK3PXP", ["a key"]), seal("JBSWY3DPEHPK3PXP", ["a key"])
    assert one != other
    assert "JBSWY3DPEHPK3PXP" not in one
    assert unseal(one, ["a key"]) == unseal(other, ["another", "a key"]) == "JBSWY3DPEHPK3PXP"


def test_what_was_changed_or_was_never_sealed_is_refused() -> None:
    text = seal("secret", ["a key"])
    for wrong in (text[:-4] + "AAA=", text.removeprefix(MARK), MARK, "é", ""):
        with pytest.raises(UnsealableError):
            unseal(wrong, ["a key"])


def test_another_key_opens_nothing() -> None:
    with pytest.raises(UnsealableError):
        unseal(seal("secret", ["a key"]), ["a Key", ""])


def test_a_text_under_an_earlier_key_is_known_as_such() -> None:
    old = seal("secret", ["old"])
    assert is_current(old, ["old"])
    assert not is_current(old, ["new", "old"])
    assert is_sealed(old)
    assert not is_current("secret", ["new", "old"])
