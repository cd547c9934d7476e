"""Owes statuses to Smartico again."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from callbacks.models import DeliveryQuerySet
from callbacks.replaying import Choice, replaying
from gateway_project.lib.vocabulary import Status
from gateways.admin.deeds import do_in_batches
from gateways.models import Action
from messages_app.management.choosing import add_choice, chosen


class Command(BaseCommand):
    help = "Owes settled statuses to Smartico again. Says how many first."

    def add_arguments(self, parser: CommandParser) -> None:
        add_choice(parser, statuses=Status.values, since="owed first")
        parser.add_argument(
            "--failed", action="store_true", help="only those that Smartico never acknowledged"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        choice = Choice(**chosen(options), failed_only=options["failed"])
        deliveries = choice.deliveries()
        self.stdout.write(f"{deliveries.count()} statuses to tell again")
        if not options["dry_run"]:
            batches = self._replay(deliveries)
            count = do_in_batches("replay_callbacks", Action.REPLAYED, deliveries, batches)
            self.stdout.write(f"{count} statuses are owed again")

    def _replay(self, deliveries: DeliveryQuerySet) -> Iterator[Counter[int]]:
        """Tells on the way how far it is, on the terminal and not in what is piped on."""
        done = 0
        for batch in replaying(deliveries):
            yield batch.by_label
            done += batch.by_label.total()
            if self.stderr.isatty():
                self.stderr.write(f"{done:,} so far", ending="\r")
