from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "reconciliation"
    append_only_tables = ("reconciliation_statusevent",)

    def ready(self) -> None:
        from reconciliation import handlers, jobs  # noqa: F401  registers them
