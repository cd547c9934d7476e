from importlib import import_module

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import post_migrate


class GatehouseConfig(AppConfig):
    name = "gateway_project"
    verbose_name = "Gatehouse"

    def ready(self) -> None:
        import_module("gateway_project.checks")
        roles = import_module("gateway_project.back_office.roles")
        # It is sent for apps that have models only; at the last one all permissions are there.
        last = [app for app in apps.get_app_configs() if app.models_module][-1]
        post_migrate.connect(roles.establish, sender=last)
        if settings.BROKER_URL:
            import_module("gateway_project.celery")  # kicks go to this application's broker
