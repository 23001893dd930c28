from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from accounts import clock

        connection_created.connect(clock.ask)
