from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "reconciliation"
    append_only_tables = ("reconciliation_statusevent",)
