from typing import ClassVar

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "People and entities"
    append_only_tables: ClassVar[list[str]] = ["core_auditrecord", "core_removeddocument", "core_retentionperiod"]
    # What leads to an entity by its foreign keys is walled, or open for a reason: see config/runtime/row_policies.py.
    walled_tables: ClassVar[dict[str, str]] = {
        "core_auditrecord": "entity",
        "core_job": "entity",
        "core_notice": "entity",
        "core_removeddocument": "run",
        "core_retentionhold": "entity",
        "core_retentionperiod": "entity",
        "core_retentionrun": "entity",
    }
    open_tables: ClassVar[dict[str, str]] = {
        "core_invitedrole": "whoever accepts an invitation holds no role yet",
        "core_roleassignment": "what a person may see is read from it",
    }
    periodic: ClassVar[list[tuple[str, str, int]]] = [
        ("core: sweep outbox and jobs", "core.tasks.sweep", 60),
        ("core: the worker's sign of life", "core.tasks.worker_alive", 30),
        ("core: end what administrators see as others", "core.tasks.end_acting", 60),
        ("core: forget idempotency keys", "core.tasks.sweep_keys", 3600),
        ("core: tell what is past its years", "core.tasks.tell_what_is_past_its_years", 86400),
    ]

    def ready(self) -> None:
        from core import handlers, retention_jobs  # noqa: F401  registers them
