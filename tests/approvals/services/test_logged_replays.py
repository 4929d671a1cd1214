"""A policy replayed on another system's log: attributes as facts, roles by our names, what is left out; on the real one too."""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from approvals.models import PolicyVersion
from approvals.services.history import keep_history, read_history
from core.models import Entity
from tests.factories.approvals import everything

DOCUMENT: dict[str, Any] = {
    "code": "payments",
    "name": "Payments",
    "currency": "EUR",
    "contact": "administration",
    "escalate_after": "3 business days",
    "roles": {
        name: {"name": name.capitalize(), "kind": "approver", "backup": "administration"}
        for name in ("supervisor", "administration", "budget_owner", "director")
    },
    "kinds": {"payment": {"name": "Payment"}, "trip": {"name": "Trip", "subject": "travel"}},
    "rules": [
        {"kind": "payment", "risk": {"from": 60}, "stages": ["supervisor", "director"], "sla": "5 business days"},
        {"kind": "payment", "up_to": 500, "stages": ["supervisor"], "sla": "2 business days"},
        {"kind": "payment", "over": 500, "stages": ["administration", "supervisor"], "sla": "5 business days"},
        {"kind": "trip", "up_to": 1000, "stages": ["supervisor"], "sla": "2 business days"},
    ],
}
# Case, what is said of it, and its steps an hour apart.
CASES: list[tuple[str, dict[str, str], list[str]]] = [
    ("small", {"RequestedAmount": "500.004"}, ["SUBMITTED by EMPLOYEE", "APPROVED by SUPERVISOR"]),
    ("large", {"RequestedAmount": "500.01"}, ["SUBMITTED by EMPLOYEE", "FINAL_APPROVED by SUPERVISOR"]),
    (
        "again",
        {"RequestedAmount": "900", "Risk": "10"},
        [
            *("SUBMITTED by EMPLOYEE", "REJECTED by DIRECTOR", "SUBMITTED by EMPLOYEE"),
            *("APPROVED by CLERK", "FINAL_APPROVED by SUPERVISOR"),
        ],
    ),
    ("risky", {"RequestedAmount": "20", "Risk": "75"}, ["SUBMITTED by EMPLOYEE", "APPROVED by SUPERVISOR"]),
    ("journey", {"RequestedAmount": "2000", "Sort": "TRAVEL"}, ["SUBMITTED by EMPLOYEE", "APPROVED by SUPERVISOR"]),
    ("mute", {"Risk": "1"}, ["SUBMITTED by EMPLOYEE", "APPROVED by SUPERVISOR"]),
    ("open", {"RequestedAmount": "20"}, ["SUBMITTED by EMPLOYEE", "REJECTED by EMPLOYEE"]),
]
WORDS = (
    "--kind",
    "payment",
    "--map",
    "risk=Risk",
    "--map",
    "kind=Sort",
    "--kind-of",
    "TRAVEL=trip",
    "--role",
    "CLERK=administration",
)


def xes() -> bytes:
    """Return the cases as XES."""
    traces = []
    for case, said, steps in CASES:
        told = "".join(f'<string key="{name}" value="{value}"/>' for name, value in {"concept:name": case, **said}.items())
        events = "".join(
            f'<event><string key="concept:name" value="Claim {step}"/>'
            f'<date key="time:timestamp" value="2026-01-05T{9 + at:02}:00:00+01:00"/></event>'
            for at, step in enumerate(steps)
        )
        traces.append(f"<trace>{told}{events}</trace>")
    return f'<log xes.version="1.0">{"".join(traces)}</log>'.encode()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(DOCUMENT, sort_keys=False))
    return file


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log.xes.gz"
    file.write_bytes(gzip.compress(xes()))
    return file


def replayed(policy: Path, *words: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("policy", "replay", str(policy), *words, "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def _examples(answer: dict[str, Any]) -> dict[str, tuple[str, list[list[str]], list[list[str]]]]:
    return {each["request"]: (each["amount"], each["was"], each["would"]) for each in answer["examples"]}


@pytest.mark.django_db
def test_each_case_is_routed_by_what_its_attributes_say(policy: Path, log: Path) -> None:
    before = everything()
    answer = replayed(policy, "--log", str(log), *WORDS)

    assert (answer["requests"], answer["changed"], answer["without_owner"]) == (5, 3, 1)
    assert _examples(answer) == {
        "large": ("500.01 EUR", [["supervisor"]], [["administration"], ["supervisor"]]),
        "risky": ("20.00 EUR", [["supervisor"]], [["supervisor"], ["director"]]),
        "journey": ("2000.00 EUR", [["supervisor"]], []),
    }
    assert answer["work"] == {
        "administration": {"was": 1, "would": 2},
        "director": {"was": 0, "would": 1},
        "supervisor": {"was": 5, "would": 4},
    }
    # An hour each, as the log says; the director, who rejected after an hour, takes that too.
    assert answer["mean_hours"] == {"was": 1.2, "would": 1.75}
    about = answer["log"]
    assert (about["document"], about["cases"], about["left_out"]) == ("Claim", 7, {"without_amount": 1, "undecided": 1})
    assert everything() == before


@pytest.mark.django_db
def test_without_a_mapping_amounts_alone_count_and_the_only_kind_for_money(policy: Path, log: Path) -> None:
    answer = replayed(policy, "--log", str(log))

    assert (answer["requests"], answer["changed"], answer["without_owner"], answer["log"]["kind"]) == (5, 3, 0, "payment")
    assert _examples(answer)["again"] == ("900.00 EUR", [["clerk"], ["supervisor"]], [["administration"], ["supervisor"]])
    text = io.StringIO()
    call_command("policy", "replay", str(policy), "--log", str(log), stdout=text)
    assert all(words in text.getvalue() for words in ("7 cases of log.xes.gz on Claim", "3 of 5 requests", "1 left out"))


def test_a_history_that_was_imported_is_replayed_as_its_kind(policy: Path, log: Path, entity: Entity) -> None:
    read = read_history(content=log.read_bytes(), name="log.xes.gz", calendar="NL")
    keep_history(read=read, entity=entity, actor=None, kind="trip")

    answer = replayed(policy, "--history", "--entity", entity.code, "--role", "CLERK=administration")

    # Trips up to 1,000 go to the supervisor: of those that somebody decided, the journey of 2,000 goes to nobody.
    assert (answer["requests"], answer["without_owner"], answer["log"]["kind"]) == (5, 1, "trip")
    assert PolicyVersion.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kind", "unheard_of"], "The policy knows no kind unheard_of."),
        (["--map", "weather=Sun"], "No policy asks about weather."),
        (["--kind-of", "TRAVEL=unheard_of"], "The policy knows no kind unheard_of."),
    ],
)
def test_what_the_policy_does_not_know_is_refused(policy: Path, log: Path, words: Sequence[str], said: str) -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("policy", "replay", str(policy), "--log", str(log), *words, "--json", stdout=out)
    assert (end.value.code, json.loads(out.getvalue())["error"].startswith(said)) == (1, True)


@pytest.mark.django_db
def test_what_is_no_log_is_refused(policy: Path, tmp_path: Path) -> None:
    file = tmp_path / "log.xes"
    file.write_bytes(b"<html/>")
    with pytest.raises(SystemExit) as end:
        call_command("policy", "replay", str(policy), "--log", str(file), "--json", stdout=io.StringIO())
    assert end.value.code == 1


@pytest.mark.realsize
@pytest.mark.django_db
@pytest.mark.parametrize("name", ["RequestForPayment.csv.gz", "RequestForPayment.xes.gz"])
def test_a_policy_is_replayed_on_the_real_log(real_data: Path, policy: Path, name: str) -> None:
    wanted = _decided(real_data / "approvals" / "RequestForPayment.csv.gz")

    answer = replayed(policy, "--log", str(real_data / "approvals" / name), "--kind", "payment")

    assert (answer["log"]["cases"], answer["log"]["document"], answer["log"]["unread"]) == (6886, "Request For Payment", {})
    assert answer["requests"] == len(wanted) == 6886 - answer["log"]["left_out"]["undecided"]
    # The policy says nothing of a request for nothing.
    nothing = sum(round(amount, 2) == 0 for _, amount in wanted.values())
    assert answer["without_owner"] == nothing
    supervisors = sum("SUPERVISOR" in roles for roles, _ in wanted.values())
    assert answer["work"]["supervisor"] == {"was": supervisors, "would": len(wanted) - nothing}
    assert answer["work"]["administration"]["would"] == sum(round(amount, 2) > 500 for _, amount in wanted.values())
    same = sum(
        roles == (["SUPERVISOR"] if round(amount, 2) <= 500 else ["ADMINISTRATION", "SUPERVISOR"])
        for roles, amount in wanted.values()
        if round(amount, 2) > 0
    )
    assert answer["changed"] == len(wanted) - same


def _decided(path: Path) -> dict[str, tuple[list[str], float]]:
    """Return who decided in the last round of each case and its amount, read in a way of its own."""
    found: dict[str, tuple[list[str], float]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            roles, _ = found.setdefault(row["case_id"], ([], float(row["case_RequestedAmount"])))
            verb, _, role = row["activity"].removeprefix("Request For Payment ").partition(" by ")
            if verb == "SUBMITTED":
                roles.clear()
            elif verb in {"APPROVED", "FINAL_APPROVED", "REJECTED"} and role != "EMPLOYEE" and role not in roles:
                roles.append(role)
    return {case: said for case, said in found.items() if said[0]}
