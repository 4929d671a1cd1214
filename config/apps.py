from typing import ClassVar

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    # Nothing is done where PURSER_BACKUP_DIR names no folder.
    periodic: ClassVar[list[tuple[str, str, int]]] = [("config: take the day's backup", "config.tasks.take_backup", 86400)]

    def ready(self) -> None:
        """Tie the rooms together where none of them may know the others, and give the logs their form."""
        from config.operations import logs
        from config.sources import register_sources

        logs.configure()
        register_sources()
