"""Tags as they are typed and compared."""

import pytest

from approvals.rules.tags import marks_of, read_tags, tags_text


def test_tags_are_read_from_a_line_and_written_back() -> None:
    tags = read_tags(" Project = Apollo ,region=emea,")

    assert tags == {"project": "Apollo", "region": "emea"}
    assert tags_text(tags) == "project=Apollo, region=emea"
    assert read_tags("") == {}


def test_values_are_compared_whatever_their_case() -> None:
    assert marks_of({"project": "Apollo"}) == marks_of(read_tags("project=APOLLO")) == frozenset({"project=apollo"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("apollo", "no equals sign"),
        ("a=1, A=2", "stands there twice"),
        ("=x", "no key"),
        ("1a=x", "no key"),
        ("a=", "1 to 60 characters"),
        ("a=" + "x" * 61, "1 to 60 characters"),
        ("a=b=c", "1 to 60 characters"),
        ("a=x\x00", "1 to 60 characters"),
        (", ".join(f"k{n}=v" for n in range(11)), "at most 10 tags"),
    ],
)
def test_what_is_no_tag_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_tags(text)
