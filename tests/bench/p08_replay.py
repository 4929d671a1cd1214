"""P8: a policy on past requests. How many would it have decided on in a second, and what of that is reading them?"""

import time
from decimal import Decimal

from approvals.models import PolicyVersion
from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import rules_of
from approvals.rules.routing import route
from approvals.selectors.replays import past_requests, replayed, scope_of
from config.runtime.logins import Login
from core.models import Entity
from tests.bench import lines as world
from tests.factories.approvals import read_yaml
from tests.factories.budgets import DECEMBER, JANUARY
from tests.measures.harness import Figure, Setting

ID = "P8"
NAME = "replay a policy on past requests"
WANTED = 20_000
ROUNDS = 3

# Requests of every kind of the policy and of amounts on both sides of its bounds, each of one line and one stage.
REQUESTS = """
WITH made AS (
    INSERT INTO approvals_request (number, entity_id, kind, subject_kind, title, reason, follow_up, requester_id, currency,
                                   amount, state, round, digest, policy_version_id, trace, submitted_at, created_at, updated_at,
                                   tags, risk_score, risk_reasons, reopened)
    SELECT 'R-' || n, %(entity)s, (%(kinds)s::text[])[1 + n %% 5], 'spend', 'Past request ' || n, '', '', %(person)s, 'USD',
           1 + (n * 7919) %% 60000, 'submitted', 1, md5(n::text), %(version)s, '[]', now(), now(), now(),
           CASE WHEN n %% 10 = 0 THEN '{"project": "apollo"}'::jsonb ELSE '{}' END, n %% 101, '[]', 0
    FROM generate_series(1, %(count)s) n RETURNING id, amount
), lined AS (
    INSERT INTO approvals_requestline (request_id, number, description, account_id, month, net, vat, recoverable)
    SELECT id, 1, 'Line', (%(accounts)s::bigint[])[1 + id %% cardinality(%(accounts)s::bigint[])], %(month)s, amount, 0, 0
    FROM made
), begun AS (
    INSERT INTO approvals_round (request_id, number, digest, content, policy_version_id, trace, outcome, submitted_at,
                                 risk_reasons)
    SELECT id, 1, md5(id::text), '{}', %(version)s, '[]', 'open', now(), '[]' FROM made
)
INSERT INTO approvals_stage (request_id, round, number, "group", name, role_code, backup_role_code, state, owner_id, quorum,
                             needed, sla, escalate_after, warn_after, assigned_at, due_at, decided_at, by_meeting, by_limit,
                             question_pause, undo_window, covered_why)
SELECT id, 1, 1, 1, 'Program director', 'program_director', '', 'approved', %(person)s, 'owner', 1, '2 business days',
       '3 business days', '', now() - interval '3 hours', now(), now(), false, false, '1 business day', 0, '' FROM made
"""


def run(setting: Setting) -> list[Figure]:
    count = setting.pick(small=20_000, full=100_000)
    with setting.database("p08") as login:
        entity, document = _make(setting.owner(login), count)
        took = min(_replayed(document, entity, count) for _ in range(ROUNDS))
        reading = min(_read(document, entity, count) for _ in range(ROUNDS))
        traced = _traced(document, entity)
    rate = count / took
    return [
        Figure(ID, "requests replayed", rate, WANTED, rate / WANTED, "a second", count, ">= 1"),
        Figure(ID, "for information: of which reading the requests", reading, took, reading / took, "s", count, ">= 0"),
        Figure(ID, "for information: against routing with its trace", rate, traced, rate / traced, "a second", count, ">= 0"),
    ]


def _make(owner: Login, count: int) -> tuple[Entity, PolicyDocument]:
    """Fill a house with past requests, as its owner: nobody could have submitted them today."""
    house = world.make_house(first=JANUARY, last=DECEMBER)
    world.give_policy(house)
    budget = world.make_budget(house, "PAST", first=JANUARY, last=DECEMBER)
    values = {
        "entity": house.entity.pk,
        "person": house.person.pk,
        "version": PolicyVersion.objects.get(policy__entity=house.entity).pk,
        "accounts": list(budget.accounts.values_list("pk", flat=True)),
        "month": JANUARY,
        "count": count,
        "kinds": ["team_expense", "vendor_payment", "infrastructure", "scope_change", "budget_reallocation"],
    }
    with owner.connect() as database:
        # Rows are born in their first state, and lines join drafts only; what is over is written here as it ended.
        tables = ("approvals_request", "approvals_requestline", "approvals_round", "approvals_stage")
        for table in tables:
            database.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        database.execute(REQUESTS, values)
        for table in tables:
            database.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        database.execute("VACUUM ANALYZE")
    return house.entity, PolicyDocument.model_validate(read_yaml("demo/policies/kafka.yaml"))


def _replayed(document: PolicyDocument, entity: Entity, count: int) -> float:
    begun = time.perf_counter()
    result = replayed(document, entity)
    took = time.perf_counter() - begun
    assert result.requests == count
    assert result.changed
    assert result.unrouted
    return took


def _read(document: PolicyDocument, entity: Entity, count: int) -> float:
    begun = time.perf_counter()
    assert sum(past.facts.amount > Decimal(0) for past in past_requests(entity, scope_of(document, entity))) == count
    return time.perf_counter() - begun


def _traced(document: PolicyDocument, entity: Entity) -> float:
    """Return how many a second plain routing decides on, of the first thousand."""
    rules, pasts = rules_of(document), []
    for past in past_requests(entity, scope_of(document, entity)):
        pasts.append(past)
        if len(pasts) == 1000:
            break
    begun = time.perf_counter()
    for past in pasts:
        route(past.facts, rules)
    return len(pasts) / (time.perf_counter() - begun)
