from importlib import import_module

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "reconciliation"
    append_only_tables = ("reconciliation_statusevent",)

    def ready(self) -> None:
        """Make the kinds of jobs and the handlers of this room known."""
        for module in ("jobs", "handlers"):
            import_module(f"{self.name}.{module}")
