"""After a restore: whatever waited when the backup was made may have been sent since."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway_project.operations.pulse import alive
from gateways.admin.deeds import do_at_length
from gateways.models import Action
from messages_app.models import State
from messages_app.restoring import doubt, doubt_relays, waiting_then

CAME_TO = {
    State.QUEUED: "wait on: their providers heed a repeat, or their gateways say so",
    State.UNKNOWN: "are parked until a report or a person settles them",
    State.FAILED: "have failed, as their gateways say",
    State.SENT: "had been sent",
}


class Command(BaseCommand):
    help = (
        "Run once after a backup was restored, before any worker starts: what waited when the "
        "backup was made may have been sent since. It is parked, unless a repeat does no harm."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say how many, and no more")

    def handle(self, *args: Any, **options: Any) -> None:
        if alive("worker"):
            raise CommandError("A worker is running: stop it, it may be sending them already.")
        messages = waiting_then()
        self.stdout.write(f"{messages.count():,} messages waited when the backup was made")
        if not options["dry_run"]:
            do_at_length("doubt_restored", Action.SETTLED, messages, self._doubt)
            self.stdout.write(f"{doubt_relays():,} relays waited, events among them are not told")

    def _doubt(self, messages: Any) -> int:
        states = doubt(messages)
        for state, count in sorted(states.items()):
            self.stdout.write(f"{count:,} {CAME_TO[State(state)]}")
        return sum(states.values())
