from typing import ClassVar

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "Reports and packs"
    append_only_tables: ClassVar[list[str]] = ["reporting_pack", "reporting_packfile", "reporting_statementfile"]
    walled_tables: ClassVar[dict[str, str]] = {
        "reporting_pack": "budget",
        "reporting_packfile": "pack",
        "reporting_statementfile": "statement",
    }

    def ready(self) -> None:
        from reporting import records, tasks  # noqa: F401  registers what is kept, and the job kinds
