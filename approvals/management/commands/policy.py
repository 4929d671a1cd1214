"""`manage.py policy prove|replay FILE`: what is wrong with a policy, and what it would have done with past requests."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from approvals.management.commands.import_history import content_of
from approvals.management.commands.load_policy import find_entity, read_document
from approvals.models import Policy, PolicyVersion
from approvals.rules.amendments import gap_sentence as size_gap_sentence
from approvals.rules.document import PolicyDocument
from approvals.rules.regions import BOTH, Region
from approvals.rules.replay import Replay
from approvals.selectors import proofs
from approvals.selectors.logged_replays import LogTold, latest_log, mapped_by, replayed_history, replayed_log
from approvals.selectors.policies import line_of
from approvals.selectors.proofs import ProvedPolicy, proved
from approvals.selectors.replays import replayed, told
from approvals.services.policies import read_policy
from core.errors import Missing, Refusal
from core.models import Entity

HELP = """Prove a policy document, or replay past requests, or another system's log, by it. Nothing is stored.

prove   gaps, overlaps, dead rules, schemes that disagree and, where the organization is known here, stages nobody can fill.
replay  which past requests would have gone elsewhere, how long they would have taken, and who would have had how much work.
        --log replays the cases of an event log instead (XES, XES packed by gzip, or CSV), --history those of the log that was
        imported last. --map says which attribute of a case is a fact (amount, kind, risk, cost_centre, category, vendor,
        emergency), --role and --kind-of what the log's words are called in the policy, --kind what its cases count as.

What is found is no failure. Exit codes: 0 done, 1 refused (the reason is printed), 2 wrong use."""

PAIRS = [
    ("--map", "FACT=ATTRIBUTE", "Which attribute of a log's case says a fact."),
    ("--kind-of", "WORD=KIND", "What kind a log's word for one is."),
    ("--role", "WORD=ROLE", "What a role of a log is called in the policy."),
]


class Command(BaseCommand):
    help = HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["prove", "replay"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--entity", default="", help="The entity's code; else the document names it, or it has the policy.")
        parser.add_argument("--log", type=Path, help="Replay the cases of this event log.")
        parser.add_argument("--history", action="store_true", help="Replay the cases of the log that was imported last.")
        parser.add_argument("--kind", default="", help="The kind of request that a log's cases count as.")
        for name, pair, words in PAIRS:
            parser.add_argument(name, action="append", default=[], metavar=pair, type=_pair, help=words)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answer, text = self._done(options)
        except Refusal as refusal:
            self._refuse(refusal, options)
        self.stdout.write(json.dumps(answer) if options["json"] else text)

    def _done(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        raw = read_document(options["file"])
        stated = options["entity"] or str(raw.get("entity") or "")
        document = read_policy(raw)
        entity = entity_of(stated, document)
        if options["what"] == "prove":
            found = proved(document, entity)
            return proof_as_json(found) | _line(document, entity), proof_as_text(found) + _line_words(document, entity)
        if options["log"] or options["history"]:
            replayed_of_log, about = self._logged(document, entity, options)
            return told(replayed_of_log) | {"log": about.as_json()}, replay_as_text(replayed_of_log, about)
        if entity is None:
            raise Missing("Nothing says whose requests are meant.", remedy="Name the organization with --entity.")
        result = replayed(document, entity)
        return told(result) | _line(document, entity), replay_as_text(result) + _line_words(document, entity)

    def _logged(self, document: PolicyDocument, entity: Entity | None, options: dict[str, Any]) -> tuple[Replay, LogTold]:
        words = {"facts": dict(options["map"]), "kinds": dict(options["kind_of"]), "roles": dict(options["role"])}
        mapped = mapped_by(document, kind=options["kind"], **words)
        if options["log"]:
            return replayed_log(document, content=content_of(options["log"]), name=options["log"].name, mapped=mapped)
        if entity is None:
            raise Missing("Nothing says whose history is meant.", remedy="Name the organization with --entity.")
        return replayed_history(document, log=latest_log(entity), mapped=mapped)

    def _refuse(self, refusal: Refusal, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps({"error": str(refusal), "details": refusal.details}, default=str))
        else:
            self.stderr.write(str(refusal))
            for place, sentence in refusal.details.items():
                self.stderr.write(f"  {place}: {sentence}")
        raise SystemExit(1) from refusal


def _line(document: PolicyDocument, entity: Entity | None) -> dict[str, Any]:
    """Return which versions of the policy hold now and later, the nearest first."""
    return {"versions": [days_shown(version) for version in line_of(entity, document.code)] if entity else []}


def _line_words(document: PolicyDocument, entity: Entity | None) -> str:
    shown = [days_shown(version) for version in line_of(entity, document.code)] if entity else []
    words = ["Version {number} is {state}, from {effective_from} to {until}.".format(**each) for each in shown]
    return "".join(f"\n{each}" for each in words)


def days_shown(version: PolicyVersion) -> dict[str, Any]:
    """Return where a version stands and from when to when it holds, in UTC."""
    begins, ends = version.effective_from, version.effective_to
    return {
        "number": version.number,
        "state": version.standing,
        "effective_from": f"{begins:%Y-%m-%dT%H:%M:%SZ}",
        "effective_to": f"{ends:%Y-%m-%dT%H:%M:%SZ}" if ends else None,
        "until": f"{ends:%Y-%m-%dT%H:%M:%SZ}" if ends else "further notice",
    }


def entity_of(stated: str, document: PolicyDocument) -> Entity | None:
    """Return the entity that is named, else the only one that has this policy, else the only one there is, else None."""
    if stated:
        return find_entity(stated)
    having = list(Entity.objects.filter(pk__in=Policy.objects.filter(code=document.code).values("entity"))[:2])
    if len(having) == 1:
        return having[0]
    every = list(Entity.objects.all()[:2])
    return every[0] if len(every) == 1 else None


def proof_as_json(found: ProvedPolicy) -> dict[str, Any]:
    """Return everything found. Amounts are texts with two decimals, bounds taken in; null is open."""
    proof, currency = found.proof, found.document.currency
    return {
        "policy": found.document.code,
        "currency": currency,
        "gaps": [
            {"kind": gap.kind, **_bounds(gap.region), "accepted": gap.accepted, "sentence": proofs.gap_sentence(gap, currency)}
            for gap in proof.gaps
        ],
        "overlaps": [
            {
                "kind": each.kind,
                **_bounds(each.region),
                "rules": [each.first.name, each.second.name],
                "alike": each.alike,
                "sentence": proofs.overlap_sentence(each, currency),
            }
            for each in proof.overlaps
        ],
        "dead_rules": [
            {"position": each.rule.position, "rule": each.rule.name, "reason": each.reason} for each in proof.dead_rules
        ],
        "unfillable": [
            {
                "rule": each.rule.name,
                "role": each.role_code,
                "path": each.path,
                "requester": each.requester or None,
                "sentence": proofs.unfillable_sentence(each),
            }
            for each in found.unfillable
        ],
        "people_checked": found.people_checked,
        "conflicts": [
            {
                "kind": each.kind,
                **_bounds(each.region),
                "scheme": each.scheme,
                "roles": list(each.roles),
                "roles_there": list(each.roles_there),
                "sentence": proofs.conflict_sentence(each, currency),
            }
            for each in proof.conflicts
        ],
        "sizes": [{"sentence": said}] if (said := size_gap_sentence(found.document.amendments)) else [],
        "publishable": not proof.faults,
    }


def proof_as_text(found: ProvedPolicy) -> str:
    """Return everything found, a sentence a line."""
    answer = proof_as_json(found)
    told = [row.get("sentence") or f"{row['rule']} is never reached. {row['reason']}" for name in _LISTS for row in answer[name]]
    people = "" if found.people_checked else " Its people were not checked: the organization is not known here."
    end = "It can be published." if answer["publishable"] else "It cannot be published as it stands."
    return "\n".join([f"{found.document.code}: {len(told)} found.{people}", *(f"  {sentence}" for sentence in told), end])


def replay_as_text(result: Replay, about: LogTold | None = None) -> str:
    """Return what would have been, in words; of a log, what of it was left out too."""
    lines = _log_lines(about) if about else []
    lines += [f"{result.changed:,} of {result.requests:,} requests would have gone elsewhere, {result.unrouted:,} to nobody."]
    lines.append(f"Mean time to the last decision: {result.mean_hours_was:,.1f} h, would be {result.mean_hours_would:,.1f} h.")
    roles = sorted(set(result.was) | set(result.would))
    lines += [f"  {role}: {result.was[role]:,} decisions, would be {result.would[role]:,}" for role in roles]
    return "\n".join([*lines, *([result.left_out] if result.left_out else [])])


def _log_lines(about: LogTold) -> list[str]:
    left = about.left_out
    lines = [f"{about.cases:,} cases of {about.name} on {about.document or 'no document'}, as {about.kind or 'they say'}."]
    lines += [f"  {left.undecided:,} left out: nobody decided them."] if left.undecided else []
    lines += [f"  {left.without_amount:,} left out: they say no amount."] if left.without_amount else []
    return lines


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name.strip() and sign and value.strip()):
        raise ArgumentTypeError(f"“{text}” is no pair such as NAME=VALUE")
    return name.strip(), value.strip()


_LISTS = ("gaps", "overlaps", "dead_rules", "unfillable", "conflicts", "sizes")


def _bounds(found: Region) -> dict[str, Any]:
    lower, upper = found.amounts.lower, found.amounts.upper
    return {
        "from": None if lower is None else f"{lower:.2f}",
        "to": None if upper is None else f"{upper:.2f}",
        "example": f"{found.amounts.example():.2f}",
        "risk": [found.risks.first, found.risks.last],
        "emergency": None if found.emergencies == BOTH else bool(found.emergencies.first),
    }
