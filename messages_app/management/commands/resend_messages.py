"""Sends messages again that failed or were rejected."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from gateway_project.lib.vocabulary import Status
from gateways.admin.deeds import do_at_length
from gateways.models import Action
from messages_app.management.choosing import add_choice, chosen
from messages_app.resending import Choice, Messages, resend, resendable

LINES_BETWEEN = 10_000


class Command(BaseCommand):
    help = (
        "Queues messages that failed or were rejected again, as the same messages. Left out are "
        "those that had reached the person, that go to a suppressed address, and whose content "
        "or end user is gone. Says how many first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_choice(parser, statuses=[Status.FAILED, Status.REJECTED], since="accepted")

    def handle(self, *args: Any, **options: Any) -> None:
        messages = resendable(Choice(**chosen(options)).messages())
        self.stdout.write(f"{messages.count():,} messages to resend")
        if not options["dry_run"]:
            count = do_at_length("resend_messages", Action.RESENT, messages, self._resend)
            self.stdout.write(f"{count:,} messages are queued again")

    def _resend(self, messages: Messages) -> int:
        told = 0

        def tell(done: int) -> None:
            nonlocal told
            if done - told >= LINES_BETWEEN:
                told = done
                self.stdout.write(f"{done:,} so far")

        return resend(messages, tell)
