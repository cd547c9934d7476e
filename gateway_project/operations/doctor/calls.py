"""The calls of the doctor: to each gateway's provider, to the label's Smartico and directory."""

from typing import Any

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.transactions import writing
from gateway_project.operations.doctor.alerts import try_alerts
from gateway_project.operations.doctor.callbacks import try_callback
from gateway_project.operations.doctor.connections import check_all
from gateways import configuration
from gateways.adapters import new_adapter
from gateways.connection import Finding, keep
from gateways.models import Gateway, Label, LabelContact
from gateways.models.contact import FINDING_LENGTH
from gateways.providers.base import Provider
from users.directories.checking import note_check


def call_out(label: Label) -> None:
    """Checks every connection of the label and notes what was found. Writes to nobody; the label's
    own webhook for alerts is told of a test."""
    configuration.forget_now()  # a gateway may be new, and its check is asked for by hand
    values = configuration.current()
    providers: dict[int, Provider] = {}
    finished = Gateway.objects.filter(label=label, is_draft=False).values_list("pk", flat=True)
    for gateway_id in finished:
        try:
            providers[gateway_id] = new_adapter(values.gateways[gateway_id])
        except (LookupError, Undecryptable):
            keep(gateway_id, Finding(is_connected=False, text="it cannot be read or built"))
    heard = try_callback(values.labels[label.pk])
    if heard is not None:
        _note(label, checked_at=database_now(), is_connected=heard.is_connected, finding=heard.text)
    tried = try_alerts(label)
    if tried is not None:
        _note(
            label,
            alerts_checked_at=database_now(),
            alerts_arrive=tried.is_connected,
            alerts_finding=tried.text,
        )
    note_check(values.labels[label.pk])
    for gateway_id, found in check_all(providers).items():
        keep(gateway_id, found)


def _note(label: Label, **columns: Any) -> None:
    cut = {
        name: value[:FINDING_LENGTH] if isinstance(value, str) else value
        for name, value in columns.items()
    }
    with writing():
        LabelContact.objects.update_or_create(label=label, defaults=cut)
