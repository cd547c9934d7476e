from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from gateway_project.lib import append_only
from gateway_project.lib.key_use import key_used


class GatewaysConfig(AppConfig):
    name = "gateways"
    verbose_name = "Gateways"

    def ready(self) -> None:
        key_used.connect(import_module("gateways.key_usage").note_use)
        post_migrate.connect(_guard_the_audit, sender=self)


def _guard_the_audit(using: str, **_: Any) -> None:
    """Where `migrate` has taken the tables away, there is nothing to guard."""
    models = import_module("gateways.models")
    for model in (models.AuditEntry, models.AuditSeal):
        if model._meta.db_table in connections[using].introspection.table_names():
            append_only.guard(model)
