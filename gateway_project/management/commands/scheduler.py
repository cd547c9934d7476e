"""`scheduler`: the clock."""

from typing import Any

from django.core.management.base import BaseCommand

from callbacks.reconciling.adding_up import add_up
from gateway_project.lib import observing
from gateway_project.operations.alerts.telling import Alerting
from gateway_project.operations.clock import Clock
from gateway_project.operations.pulse import Pulse
from gateway_project.operations.stopping import stop_on_signals
from gateways.audit_chain.sealing import Sealing
from gateways.audit_chain.standing import Verification
from gateways.drafts import discard_abandoned
from messages_app import housekeeping
from users.imports.forgetting import forget_imports


class Command(BaseCommand):
    help = "Takes lost messages back and closes expired ones, every second."

    def handle(self, *args: Any, **options: Any) -> None:
        observing.begin("scheduler")
        own = (
            discard_abandoned,
            forget_imports,
            add_up,
            Sealing(),
            Verification(),
            Pulse("scheduler").beat,
            Alerting(),
        )
        duties = (*housekeeping.DUTIES, *own)
        Clock(duties, stop_on_signals()).run()
