from django.apps import AppConfig


class GatehouseConfig(AppConfig):
    name = "gateway_project"
    verbose_name = "Gatehouse"
