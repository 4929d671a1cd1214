from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Tie the rooms together where none of them may know the others."""
        from config.sources import register_sources

        register_sources()
