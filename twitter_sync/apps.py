from django.apps import AppConfig


class TwitterSyncConfig(AppConfig):
    name = "twitter_sync"

    def ready(self) -> None:
        from inbox import channel
        from twitter_sync import checks  # noqa: F401 - registers them
        from twitter_sync.channel import XChannel

        channel.register(XChannel())
