"""Event logs read: XES and CSV say the same, what cannot be read is counted, what is no log is refused."""

import gzip
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.rules.event_logs import EventLog, LoggedEvent, LogRefusedError, as_xes, read_log
from approvals.rules.waits import decided_by, document_of, figures_of_log

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
LIMIT = 1_000_000
CSV = b"""case_id,activity,role,resource,timestamp,case_RequestedAmount
1,Request For Payment SUBMITTED by EMPLOYEE,EMPLOYEE,STAFF,2026-01-05T09:00:00+00:00,34.336
1,Request For Payment APPROVED by SUPERVISOR,SUPERVISOR,STAFF,2026-01-06T10:00:00+00:00,34.336
1,Payment Handled,UNDEFINED,SYSTEM,2026-01-07T09:00:00+00:00,34.336
"""


def log_of(*steps: str, hours: int = 24) -> dict[str, list[LoggedEvent]]:
    """A case whose steps follow one another by so many hours."""
    return {
        "1": [
            LoggedEvent("1", f"Request {step}", "", "", MONDAY + number * timedelta(hours=hours))
            for number, step in enumerate(steps)
        ]
    }


def read(content: bytes, name: str = "log.csv") -> EventLog:
    return read_log(content, name=name, limit=LIMIT)


def test_a_csv_is_read_case_by_case_with_its_amount() -> None:
    log = read(CSV)

    assert (log.format, log.events, list(log.cases)) == ("csv", 3, ["1"])
    assert log.cases["1"][0].amount == Decimal("34.336")
    assert document_of(log.cases) == "Request For Payment"
    [wait] = figures_of_log(log.cases).waits
    assert (wait.stage, wait.elapsed) == ("Supervisor", timedelta(hours=25))


def test_xes_and_a_packed_file_say_the_same() -> None:
    log = read(CSV)
    xes = as_xes(log.cases, name="Requests")

    assert [event.at for event in read(xes, "log.xes").cases["1"]] == [event.at for event in log.cases["1"]]
    assert read(gzip.compress(xes), "log.xes.gz").cases == read(xes, "log.xes").cases
    assert read(xes).cases["1"][0].amount == Decimal("34.336")


texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(str.strip).map(str.strip)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(st.lists(st.tuples(texts, texts, moments), min_size=1, max_size=12))
def test_what_is_written_as_xes_is_read_back(rows: list[tuple[str, str, datetime]]) -> None:
    cases: dict[str, list[LoggedEvent]] = {}
    for case, activity, at in rows:
        cases.setdefault(case, []).append(LoggedEvent(case, activity, "ROLE", "", at))

    assert read(as_xes(cases, name="Any"), "log.xes").cases == cases


@given(st.binary(max_size=400))
def test_no_bytes_bring_it_down(content: bytes) -> None:
    with suppress(LogRefusedError):
        assert read(content).events


def test_events_that_cannot_be_read_are_counted_and_stop_nothing() -> None:
    bad = b"1,,X,Y,2026-01-05T09:00:00+00:00,1\n1,Step,X,Y,yesterday,1\n1,Step,X,Y,2026-01-05T09:00:00,1\n"
    bad += b"1," + b"x" * 301 + b",X,Y,2026-01-05T09:00:00+00:00,1\n"

    log = read(CSV + bad)
    assert log.events == 3
    assert log.unread == {
        "without a case or an activity": 1,
        "without a time that can be read": 2,
        "with a name of more than 300 characters": 1,
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n", "no column for case"),
        (b"case,activity,timestamp\n", "no event"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"<html/>", "no XES"),
        (b"<log><trace></log>", "breaks off"),
        (b'<!DOCTYPE log [<!ENTITY a "aaaa">]><log>&a;</log>', "document type"),
        (b"\x1f\x8bbroken", "damaged"),
        (gzip.compress(b"0" * (LIMIT + 1)), "larger than 1 MB"),
    ],
)
def test_what_is_no_log_is_refused_with_what_to_do(content: bytes, said: str) -> None:
    with pytest.raises(LogRefusedError, match=said) as refused:
        read(content)

    assert refused.value.remedy


def test_a_wait_that_begins_at_a_rejection_is_left_out_and_the_employees_own_is_no_decision() -> None:
    steps = ["SUBMITTED by EMPLOYEE", "REJECTED by SUPERVISOR", "REJECTED by EMPLOYEE", "SUBMITTED by EMPLOYEE"]
    told = figures_of_log(log_of(*steps, "APPROVED by PRE_APPROVER", "FINAL_APPROVED by BUDGET OWNER"))

    assert [wait.stage for wait in told.waits] == ["Supervisor", "Pre approver", "Budget owner"]
    assert (told.resubmitted, told.reversed_after_final) == (1, 0)


def test_a_case_rejected_after_its_final_approval_is_counted() -> None:
    told = figures_of_log(log_of("SUBMITTED by EMPLOYEE", "FINAL_APPROVED by SUPERVISOR", "REJECTED by MISSING"))

    assert told.reversed_after_final == 1


def test_who_decided_on_a_case_is_told_in_order() -> None:
    cases = log_of("SUBMITTED by EMPLOYEE", "APPROVED by SUPERVISOR", "FINAL_APPROVED by DIRECTOR", "REJECTED by EMPLOYEE")

    assert decided_by(cases["1"], "Request") == ("Supervisor", "Director")
