from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Tie the rooms together where none of them may know the others, and give the logs their form."""
        from config.operations import logs
        from config.sources import register_sources

        logs.configure()
        register_sources()
