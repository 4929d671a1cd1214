"""Past requests as a replay reads them, and how long each role usually takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from approvals.models import Policy
from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import rules_of
from approvals.rules.owners import chain_above
from approvals.rules.replay import Past, Replay, replay
from approvals.rules.routing import Facts, Rule
from approvals.rules.sla import Unit, parse_span
from approvals.selectors.owners import managers_in
from budgets.models import CostCentre
from core.models import Entity

BATCH = 5000
WITHOUT_PARTS = "Each request is held against the bands by itself: purchases in parts are not added up here."
ZERO = Decimal(0)
NO_TAGS: frozenset[str] = frozenset()

# One row a request, of its last round: its facts, and the roles that its rule asked; none where the policy approved by itself.
# A request above which a nearer policy stands is that policy's.
PAST = """
WITH chosen AS (
    SELECT r.id, r.number, r.kind, r.amount, r.currency, COALESCE(r.monthly_increase, 0) AS stated, r.round,
           COALESCE(v.code, '') AS vendor, r.requester_id, COALESCE(r.risk_score, 0) AS risk, r.is_emergency,
           CASE WHEN r.tags <> '{}' THEN
               (SELECT array_agg(key || '=' || lower(value)) FROM jsonb_each_text(r.tags))
           END AS tags
    FROM approvals_request r
    LEFT JOIN budgets_vendor v ON v.id = r.vendor_id
    WHERE r.entity_id = %(entity)s AND r.round > 0 AND r.state <> 'draft'
), lines AS (
    SELECT l.request_id, array_agg(DISTINCT c.path) AS centres, array_agg(DISTINCT g.path) AS categories
    FROM approvals_requestline l JOIN chosen ON chosen.id = l.request_id
    JOIN budgets_fundsaccount a ON a.id = l.account_id
    JOIN budgets_costcentre c ON c.id = a.cost_centre_id
    JOIN budgets_category g ON g.id = a.category_id
    GROUP BY l.request_id
), months AS (
    SELECT request_id, MAX(total) AS dearest FROM (
        SELECT l.request_id, SUM(l.funds) AS total FROM approvals_requestline l JOIN chosen ON chosen.id = l.request_id
        GROUP BY l.request_id, l.month
    ) each GROUP BY request_id
), stages AS (
    SELECT s.request_id, s.round, array_agg(s."group" || ':' || s.role_code ORDER BY s."group", s.role_code)
           FILTER (WHERE NOT s.by_limit) AS asked
    FROM approvals_stage s JOIN chosen ON chosen.id = s.request_id AND chosen.round = s.round GROUP BY s.request_id, s.round
), automatic AS (
    SELECT d.request_id, d.round FROM approvals_decision d WHERE d.rule_id IS NOT NULL AND d.voided_at IS NULL
)
SELECT chosen.number, chosen.kind, chosen.amount, chosen.currency, GREATEST(chosen.stated, months.dearest),
       lines.centres, lines.categories, chosen.vendor, stages.asked, chosen.risk, chosen.is_emergency, chosen.tags,
       chosen.requester_id
FROM chosen
JOIN lines ON lines.request_id = chosen.id
JOIN months ON months.request_id = chosen.id
LEFT JOIN stages ON stages.request_id = chosen.id AND stages.round = chosen.round
LEFT JOIN automatic ON automatic.request_id = chosen.id AND automatic.round = chosen.round
WHERE stages.request_id IS NOT NULL OR automatic.request_id IS NOT NULL
ORDER BY chosen.id DESC
"""

USUAL = """
SELECT s.role_code, percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM s.decided_at - s.assigned_at)) / 3600, COUNT(*)
FROM approvals_stage s JOIN approvals_request r ON r.id = s.request_id
WHERE r.entity_id = %s AND s.decided_at IS NOT NULL AND s.assigned_at IS NOT NULL
GROUP BY s.role_code
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which requests are the policy's: those under `path`, but for those under a nearer policy's path."""

    path: str
    nearer: tuple[str, ...]

    def holds(self, paths: tuple[str, ...]) -> bool:
        """Say whether a request with lines at these cost centres is the policy's."""
        if not all(path.startswith(self.path) for path in paths):
            return False
        return not any(all(path.startswith(near) for path in paths) for near in self.nearer)


def replayed(document: PolicyDocument, entity: Entity) -> Replay:
    """Say what `document` would have done with every request that `entity` has had."""
    rules = rules_of(document)
    result = replay(past_requests(entity, scope_of(document, entity)), rules, usual_hours=usual_hours(entity, rules))
    if document.splits is not None:
        result.left_out = WITHOUT_PARTS
    return result


def told(result: Replay) -> dict[str, Any]:
    """Return what would have been. Hours are elapsed time, by the median of each role's past decisions."""
    roles = sorted(set(result.was) | set(result.would))
    return {
        "requests": result.requests,
        "changed": result.changed,
        "without_owner": result.unrouted,
        "mean_hours": {"was": round(result.mean_hours_was, 2), "would": round(result.mean_hours_would, 2)},
        "work": {role: {"was": result.was[role], "would": result.would[role]} for role in roles},
        "examples": [
            {
                "request": each.number,
                "kind": each.kind,
                "amount": each.amount,
                "was": [list(group) for group in each.was],
                "would": [list(group) for group in each.would],
                "rule": each.rule or None,
            }
            for each in result.examples
        ],
    } | ({"left_out": result.left_out} if result.left_out else {})


def past_requests(entity: Entity, scope: Scope) -> Iterator[Past]:
    """Yield the submitted requests in a policy's scope, the latest first, a batch at a time."""
    above = managers_in(entity)
    lengths = {person: len(chain_above(person, above)) for person in above}
    with transaction.atomic(), connection.cursor() as planner, connection.chunked_cursor() as cursor:
        # All rows are wanted, and grouped ones bear no statistics: looked up one by one they would take minutes.
        planner.execute("SET LOCAL enable_nestloop = off; SET LOCAL cursor_tuple_fraction = 1")
        cursor.execute(PAST, {"entity": entity.pk})
        while rows := cursor.fetchmany(BATCH):
            for row in rows:
                past = _past(row[:-1], managers=lengths.get(row[-1], 0))
                if scope.holds(past.facts.cost_centre_paths):
                    yield past


def scope_of(document: PolicyDocument, entity: Entity) -> Scope:
    """Return which part of the entity the policy is for."""
    own = CostCentre.objects.filter(entity=entity, code=document.cost_centre).first() if document.cost_centre else None
    path = own.path if own else "/"
    others = Policy.objects.filter(entity=entity, cost_centre__isnull=False).exclude(code=document.code)
    near = others.values_list("cost_centre__path", flat=True)
    return Scope(path, tuple(other for other in near if other.startswith(path) and other != path))


def usual_hours(entity: Entity, rules: list[Rule]) -> dict[str, float]:
    """Return the median hours (elapsed) that each role has taken; where it never decided, what its SLA gives it."""
    found = hours_by_sla(rules)
    with connection.cursor() as cursor:
        cursor.execute(USUAL, [entity.pk])
        found.update({role: float(hours) for role, hours, _ in cursor.fetchall()})
    return found


def hours_by_sla(rules: list[Rule]) -> dict[str, float]:
    """Return the hours (elapsed) that the SLA of each role's stages gives it."""
    return {stage.role_code: _hours_of(stage.sla) for rule in rules for stage in rule.stages}


def _past(row: tuple[Any, ...], *, managers: int) -> Past:
    number, kind, amount, currency, increase, centres, categories, vendor, asked, risk, is_emergency, tags = row
    marks = frozenset(tags) if tags else NO_TAGS
    facts = Facts(kind, amount, currency, increase, tuple(centres), tuple(categories), vendor, marks, risk, is_emergency)
    return Past(number, facts, _groups(tuple(asked or ())), managers)


@lru_cache(maxsize=4096)
def _groups(asked: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    groups: dict[str, list[str]] = {}
    for each in asked:
        group, _, role = each.partition(":")
        groups.setdefault(group, []).append(role)
    return tuple(tuple(roles) for roles in groups.values())


# Elapsed hours that a span of working time takes, roughly: nights count.
ELAPSED = {Unit.SAME_DAY: 8.0, Unit.BUSINESS_DAYS: 24.0, Unit.BUSINESS_HOURS: 3.0, Unit.HOURS: 1.0, Unit.WEEKS: 168.0}


def _hours_of(sla: str) -> float:
    span = parse_span(sla)
    return ELAPSED[span.unit] * span.count * (0.5 if span.halved else 1.0)
