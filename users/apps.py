from importlib import import_module

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = "End users"

    def ready(self) -> None:
        import_module("users.tasks")
