from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class GatehouseConfig(AppConfig):
    name = "gateway_project"
    verbose_name = "Gatehouse"

    def ready(self) -> None:
        import_module("gateway_project.checks")
        if settings.BROKER_URL:
            import_module("gateway_project.celery")  # kicks go to this application's broker
