from django.apps import AppConfig


class TwitterSyncConfig(AppConfig):
    name = "twitter_sync"

    def ready(self) -> None:
        from twitter_sync import checks  # noqa: F401 - registers them
