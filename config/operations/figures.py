"""The figures of the house that `/metrics` gives: how many, how old, never whose."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A gauge: its query gives its labels' values and then its value, a row each. `%(now)s` is the moment of asking."""

    name: str
    help: str
    query: str
    labels: tuple[str, ...] = ()


def _count(table: str, where: str = "true") -> str:
    return f"SELECT count(*) FROM {table} WHERE {where}"  # noqa: S608  both are ours


def _by(column: str, table: str) -> str:
    return f"SELECT {column}, count(*) FROM {table} GROUP BY 1 ORDER BY 1"  # noqa: S608  both are ours


def _age(moment: str, table: str, where: str) -> str:
    return f"SELECT coalesce(greatest(0, extract(epoch FROM %(now)s - min({moment}))), 0) FROM {table} WHERE {where}"  # noqa: S608


WAITING = "handled_at IS NULL"
OVERDUE = "state = 'pending' AND due_at < %(now)s"
ESTIMATE = "SELECT greatest(0, reltuples) FROM pg_class WHERE oid = 'public.{}'::regclass"

FIGURES: tuple[Figure, ...] = (
    Figure("purser_outbox_waiting", "Events that wait to be handled.", _count("core_outboxevent", WAITING)),
    Figure(
        "purser_outbox_failing",
        "Events that failed and wait for another try.",
        _count("core_outboxevent", f"{WAITING} AND attempts > 0"),
    ),
    Figure(
        "purser_outbox_oldest_seconds",
        "How long the oldest event that is due has waited.",
        _age("due_at", "core_outboxevent", WAITING),
    ),
    Figure("purser_jobs", "Jobs by state.", _by("state", "core_job"), ("state",)),
    Figure(
        "purser_jobs_oldest_seconds",
        "How long the oldest queued job has waited.",
        _age("queued_at", "core_job", "state = 'queued'"),
    ),
    Figure("purser_timers_overdue", "Timers that are due and have not fired.", _count("approvals_timer", OVERDUE)),
    Figure(
        "purser_timers_oldest_seconds", "How long the oldest overdue timer is due.", _age("due_at", "approvals_timer", OVERDUE)
    ),
    Figure("purser_requests", "Requests by state.", _by("state", "approvals_request"), ("state",)),
    Figure("purser_stages_open", "Stages that wait for a decision.", _count("approvals_stage", "state = 'assigned'")),
    Figure(
        "purser_stages_breached",
        "Stages that wait for a decision and whose deadline passed.",
        _count("approvals_stage", "state = 'assigned' AND due_at < %(now)s"),
    ),
    Figure(
        "purser_exceptions_open",
        "Exceptions of reconciliation that are open, by code.",
        "SELECT code, count(*) FROM reconciliation_exceptionitem WHERE closed_at IS NULL GROUP BY 1 ORDER BY 1",
        ("code",),
    ),
    Figure("purser_imports", "Imported files by state.", _by("state", "reconciliation_importfile"), ("state",)),
    Figure(
        "purser_rows_quarantined",
        "Imported rows that wait for a person's fix.",
        _count("reconciliation_rawrow", "status = 'quarantined'"),
    ),
    Figure("purser_packs", "Packs that were issued.", _count("reporting_pack")),
    Figure("purser_journals", "Journals in the ledger; what was posted.", "SELECT coalesce(max(id), 0) FROM budgets_journal"),
    Figure("purser_entries_estimate", "Entries in the ledger, as the database estimates.", ESTIMATE.format("budgets_entry")),
    Figure("purser_notices_unmailed", "Notices that were not sent by mail yet.", _count("core_notice", "mailed_at IS NULL")),
    Figure(
        "purser_sign_age_seconds",
        "How long ago each of these last left a sign of life: beat, worker, ledger check, backup.",
        "SELECT name, extract(epoch FROM %(now)s - at) FROM core_sign ORDER BY 1",
        ("name",),
    ),
    Figure(
        "purser_sign_well",
        "1 when what left the sign says that all was well.",
        "SELECT name, is_well::int FROM core_sign ORDER BY 1",
        ("name",),
    ),
    Figure(
        "purser_anchor_age_seconds",
        "How long ago the ledger was last anchored; 0 where it never was.",
        "SELECT coalesce(extract(epoch FROM %(now)s - max(taken_at)), 0) FROM budgets_anchor",
    ),
    Figure(
        "purser_database_connections",
        "Connections to this database by state.",
        "SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type = 'client backend' GROUP BY 1 ORDER BY 1",
        ("state",),
    ),
    Figure(
        "purser_database_connections_limit",
        "Connections that the server takes.",
        "SELECT current_setting('max_connections')::int",
    ),
    Figure("purser_database_bytes", "The size of the database.", "SELECT pg_database_size(current_database())"),
)
