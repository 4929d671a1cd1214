from importlib import import_module
from typing import ClassVar

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "reconciliation"
    append_only_tables = ("reconciliation_statusevent",)
    walled_tables: ClassVar[dict[str, str | tuple[str, ...]]] = {
        "reconciliation_allocation": "invoice",
        "reconciliation_bankaccount": "entity",
        "reconciliation_bankentry": "statement",
        "reconciliation_commitmentmatch": "invoice_line",
        "reconciliation_confirmation": "invoice",
        "reconciliation_exceptionitem": "entity",
        "reconciliation_importfile": "source",
        "reconciliation_invoice": "entity",
        "reconciliation_invoiceattribute": "subject",
        "reconciliation_invoiceline": "invoice",
        "reconciliation_payment": "entity",
        "reconciliation_rawrow": "import_file",
        "reconciliation_source": "entity",
        "reconciliation_statement": "bank_account",
        "reconciliation_statusevent": ("invoice", "payment"),
        "reconciliation_suggestion": "entity",
    }

    def ready(self) -> None:
        """Make the kinds of jobs and the handlers of this room known."""
        for module in ("jobs", "handlers", "overrun_handlers", "records"):
            import_module(f"{self.name}.{module}")
