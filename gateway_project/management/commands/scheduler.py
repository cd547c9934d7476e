"""`scheduler`: the clock."""

from typing import Any

from django.core.management.base import BaseCommand

from gateway_project.operations.clock import Clock
from gateway_project.operations.pulse import Pulse
from gateway_project.operations.stopping import stop_on_signals
from gateways.drafts import discard_abandoned
from messages_app import housekeeping


class Command(BaseCommand):
    help = "Takes lost messages back and closes expired ones, every second."

    def handle(self, *args: Any, **options: Any) -> None:
        duties = (*housekeeping.DUTIES, discard_abandoned, Pulse("scheduler").beat)
        Clock(duties, stop_on_signals()).run()
