"""`serve`: the web server."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from gateway_project.lib import kicks
from gateway_project.lib.bodies import WAITED_FOR
from gateway_project.operations.processes import one_for_each_core, prepare_to_fork

BACKLOG = 2048
AT_ONCE = 2 * WAITED_FOR
"""Connections of each process, those that are kept and say nothing among them: who comes when there
are so many waits until one ends. Half of them at most bring a body that has not come yet."""
KILL_AFTER_SECONDS = 15

HTTP1 = HTTP1Settings(header_read_timeout=10_000)


class Command(BaseCommand):
    help = "Serves HTTP until SIGTERM. No access log is written: paths hold credentials."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--processes", type=int, default=one_for_each_core())

    def handle(self, *args: Any, **options: Any) -> None:
        kicks.load()
        prepare_to_fork()
        Granian(
            "gateway_project.rsgi:application",
            address=options["host"],
            port=options["port"],
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1,
            websockets=False,
            workers=options["processes"],
            backlog=BACKLOG,
            backpressure=AT_ONCE,
            workers_kill_timeout=KILL_AFTER_SECONDS,
            respawn_failed_workers=True,
            log_access=False,
            log_level=LogLevels.error,
        ).serve()
