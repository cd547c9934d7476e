"""`run`: a whole gateway under one parent process."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from gateway_project.operations.processes import gatehouse
from gateway_project.operations.stopping import stop_on_signals


class Command(BaseCommand):
    help = "Migrates, then starts web, worker and scheduler. If one ends, the others are stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = stop_on_signals()
        call_command("migrate", verbosity=0)
        connections.close_all()
        processes = gatehouse()
        try:
            processes.start()
            ended = processes.watch(stop)
        finally:
            processes.stop()
        if ended:
            raise CommandError(f"Ended by itself: {', '.join(ended)}. The rest was stopped.")
