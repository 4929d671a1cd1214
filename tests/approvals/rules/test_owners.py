"""Owners of stages by their words, the chain of managers, a committee's votes, its authority and its days."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from approvals.rules.committees import Outcome, outcome_of, read_authority, scheme_of
from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import rules_of, schemes_of
from approvals.rules.meetings import meetings_after, nth_weekday, read_meets
from approvals.rules.owners import OwnerKind, asked_of_chain, chain_above, circle_of, owner_of, word_of, words_of
from approvals.rules.proof import prove
from tests.factories.approvals import read_yaml


def _document(*stages: object) -> PolicyDocument:
    document = read_yaml("demo/policies/kafka.yaml")
    document["rules"][3]["stages"] = list(stages)
    return PolicyDocument.model_validate(document)


@pytest.mark.parametrize("kind", OwnerKind)
def test_an_owner_is_read_as_it_is_written(kind: OwnerKind) -> None:
    code = "2" if kind is OwnerKind.MANAGER else "budget"
    assert owner_of(word_of(kind, code)) == owner_of(word_of(kind, code))
    assert (owner_of(word_of(kind, code)).kind, owner_of(word_of(kind, code)).code) == (kind, code)


def test_owners_are_said_in_words() -> None:
    words = [
        words_of(word) for word in ("team_lead", "person:a@b.example", "group:buyers", "manager:2", "committee:budget_board")
    ]
    assert words == [
        "team lead",
        "a@b.example",
        "the group buyers",
        "manager 2 above the requester",
        "the committee budget board",
    ]


def test_each_owner_becomes_a_stage_and_each_manager_one_of_their_own() -> None:
    document = _document(
        {"person": "A@B.example"}, {"group": "buyers", "quorum": "any"}, {"managers": 2}, {"committee": "budget"}
    )
    stages = rules_of(document)[3].stages
    assert [(each.number, each.group, each.role_code, each.quorum, each.name) for each in stages] == [
        (1, 1, "person:a@b.example", "owner", "a@b.example"),
        (2, 2, "group:buyers", "any", "Buyers"),
        (3, 3, "manager:1", "owner", "Manager"),
        (4, 4, "manager:2", "owner", "Manager, step 2"),
        (5, 5, "committee:budget", "committee", "Budget"),
    ]


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ({}, "give one of"),
        ({"role": "finance", "person": "a@b.example"}, "give one of"),
        ({"committee": "budget", "quorum": 2}, "leave `quorum` out"),
        ({"managers": 2, "quorum": "all"}, "leave `quorum` out"),
        ({"managers": 0}, "greater than or equal to 1"),
        ({"managers": 6}, "less than or equal to 5"),
        ({"person": "nobody"}, "match pattern"),
    ],
)
def test_a_stage_has_one_owner(stage: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        _document(stage)


def test_a_short_chain_closes_up_and_keeps_its_first_step() -> None:
    stages = rules_of(_document({"managers": 3}, "finance"))[3].stages
    for length, words in ((0, ["manager:1", "finance"]), (2, ["manager:1", "manager:2", "finance"])):
        asked = asked_of_chain(stages, length)
        assert [each.role_code for each in asked] == words
        assert [(each.number, each.group) for each in asked] == [(place, place) for place in range(1, len(words) + 1)]
    assert asked_of_chain(stages, 3) == stages


@given(st.dictionaries(st.integers(1, 8), st.integers(1, 8), max_size=8), st.integers(1, 8), st.integers(1, 8))
def test_what_closes_no_circle_leaves_none(above: dict[int, int], person: int, manager: int) -> None:
    known: dict[int, int] = {}
    for one, other in [*above.items(), (person, manager)]:
        if one != other and not circle_of(one, other, known):
            known[one] = other
    for each in known:
        chain = chain_above(each, known, most=99)
        assert each not in chain
        assert len(set(chain)) == len(chain)
        assert known.get(chain[-1]) is None


def test_a_circle_is_named_from_the_person_up() -> None:
    assert circle_of(1, 3, {3: 2, 2: 1}) == [1, 3, 2]
    assert circle_of(1, 3, {3: 2}) == []


@pytest.mark.parametrize(
    ("yes", "no", "left", "counts", "chair", "outcome"),
    [
        (1, 0, 3, False, False, Outcome.OPEN),
        (2, 0, 2, False, False, Outcome.APPROVED),
        (1, 1, 2, False, False, Outcome.REJECTED),
        (1, 1, 2, True, False, Outcome.OPEN),
        (1, 2, 1, True, False, Outcome.OPEN),
        (0, 3, 1, True, False, Outcome.REJECTED),
        (1, 3, 0, True, False, Outcome.REJECTED),
        (2, 2, 0, True, False, Outcome.APPROVED),
        (2, 1, 1, True, True, Outcome.OPEN),
    ],
)
def test_votes_come_to_an_outcome(yes: int, no: int, left: int, counts: bool, chair: bool, outcome: Outcome) -> None:
    assert outcome_of(needed=2, yes=yes, no=no, open_votes=left, counts_noes=counts, waits_for_chair=chair) == outcome


@given(st.integers(1, 6), st.lists(st.booleans(), min_size=6, max_size=6), st.booleans())
def test_whatever_is_voted_by_everybody_comes_to_an_end(needed: int, votes: list[bool], counts: bool) -> None:
    yes, no = votes.count(True), votes.count(False)
    found = outcome_of(needed=needed, yes=yes, no=no, open_votes=0, counts_noes=counts, waits_for_chair=False)
    assert found is not Outcome.OPEN
    assert (found is Outcome.APPROVED) == (yes >= needed and (counts or not no))


def test_authority_is_read_line_by_line() -> None:
    text = "below 100: team_lead (change request log)\nfrom 100 up to 500: engineering_manager, committee\nover 1,500.50: finance"
    lines = read_authority(text)
    assert [str(line) for line in lines] == [
        "below 100: team_lead (change request log)",
        "from 100 up to 500: engineering_manager, committee",
        "over 1,500.50: finance",
    ]
    assert read_authority("\n".join(map(str, lines))) == lines
    assert (lines[1].lower, lines[1].lower_included, lines[1].upper, lines[1].upper_included) == (100, True, 500, True)
    assert lines[2].lower == Decimal("1500.50")


@pytest.mark.parametrize(
    "line",
    ["team_lead", "below: team_lead", "over 5 from 6: finance", "from 500 up to 100: finance", "over 5: Finance!", "x 5: f"],
)
def test_authority_that_says_nothing_is_refused_by_its_line(line: str) -> None:
    with pytest.raises(ValueError, match="“"):
        read_authority(line)


def test_the_golden_authority_disagrees_with_the_matrix_at_75_and_at_300() -> None:
    document = PolicyDocument.model_validate(read_yaml("demo/policies/distro.yaml"))
    golden = read_yaml("tests/golden/distro_nation.yaml")["decision_authority"]
    lines = []
    for row in golden:
        bounds = " ".join(f"{word.replace('_', ' ')} {row[word]}" for word in ("over", "from", "up_to", "below") if word in row)
        lines.append(f"{bounds}: {', '.join(row['authority'])} ({row['document']})")
    scheme = scheme_of(
        "the authority", "budget", read_authority("\n".join(lines)), kinds=["monthly_cost"], measure="monthly_increase"
    )
    alone = prove(kinds=document.kinds, rules=rules_of(document), schemes=[scheme])
    found = {
        amount: [each for each in alone.conflicts if each.range.first <= amount * 100 <= (each.range.last or 10**9)]
        for amount in (40, 75, 300)
    }
    assert not found[40]
    assert [(each.roles, each.roles_there) for each in found[75]] == [(("engineering_manager",), ("team_lead",))]
    asked = (("engineering_director", "finance"), ("engineering_manager", "committee:budget"))
    assert [(each.roles, each.roles_there) for each in found[300]] == [asked]
    both = prove(kinds=document.kinds, rules=rules_of(document), schemes=[*schemes_of(document), scheme])
    assert [each.scheme for each in both.conflicts if each.range in {one.range for one in found[75]}] == [
        "Decision authority, as does the authority,"
    ]


NEW_YORK = ZoneInfo("America/New_York")


def test_it_meets_on_its_weekday_at_the_same_local_time_the_year_round() -> None:
    cadences = read_meets("monthly: budget review\nquarterly: strategic planning\nannually: comprehensive review")
    after = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
    found = meetings_after(
        after,
        cadences,
        week=2,
        weekday=1,
        begins_at=time(10),
        zone=NEW_YORK,
        fiscal_start=1,
        works_on=lambda day: day.weekday() < 5,
        most=11,
    )
    assert found[0].starts_at == datetime(2026, 4, 14, 14, 0, tzinfo=UTC)
    assert {each.starts_at.astimezone(NEW_YORK).time() for each in found} == {time(10)}
    assert found[7].starts_at == datetime(2026, 11, 10, 15, 0, tzinfo=UTC)
    purposes = {each.starts_at.astimezone(NEW_YORK).month: len(each.purposes) for each in found}
    assert (purposes[4], purposes[5], purposes[1]) == (2, 1, 3)


def test_a_day_that_is_not_worked_on_moves_the_meeting_to_the_next() -> None:
    closed = {date(2026, 4, 14), date(2026, 4, 15)}
    found = meetings_after(
        datetime(2026, 4, 14, 20, 0, tzinfo=UTC),
        read_meets("monthly: review"),
        week=2,
        weekday=1,
        begins_at=time(10),
        zone=ZoneInfo("UTC"),
        fiscal_start=4,
        works_on=lambda day: day not in closed,
        most=1,
    )
    assert found[0].starts_at == datetime(2026, 4, 16, 10, 0, tzinfo=UTC)


@given(st.integers(2020, 2040), st.integers(1, 12), st.integers(1, 5), st.integers(0, 6))
def test_a_months_weekday_is_one_of_that_month(year: int, month: int, week: int, weekday: int) -> None:
    day = nth_weekday(year, month, week=week, weekday=weekday)
    assert (day.year, day.month, day.weekday()) == (year, month, weekday)
    assert week == 5 or (day.day - 1) // 7 == week - 1


@pytest.mark.parametrize("text", ["weekly: review", "monthly", "monthly:", "monthly: " + "x" * 201])
def test_a_cadence_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="how often"):
        read_meets(text)
