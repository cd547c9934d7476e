from importlib import import_module

from django.apps import AppConfig


class CallbacksConfig(AppConfig):
    name = "callbacks"
    verbose_name = "Callbacks"

    def ready(self) -> None:
        import_module("callbacks.counting")
        import_module("callbacks.exporting")
        import_module("callbacks.owing")
        import_module("callbacks.pruning")
        import_module("callbacks.tasks")
