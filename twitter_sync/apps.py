from django.apps import AppConfig


class TwitterSyncConfig(AppConfig):
    name = "twitter_sync"
