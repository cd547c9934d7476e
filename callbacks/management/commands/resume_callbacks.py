"""Lets a suspended label's callbacks go on, after a test call."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callbacks.resuming import resume
from gateways.models import Label


class Command(BaseCommand):
    help = "Makes one call to Smartico; resumes the label's callbacks if the api_key is taken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--label", metavar="SLUG", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        label = Label.objects.filter(slug=options["label"]).first()
        if label is None:
            raise CommandError(f"There is no label {options['label']!r}.")
        tried = resume(label, "resume_callbacks")
        if not tried.is_taken:
            raise CommandError(f"Smartico: {tried.text}. No callback goes on.")
        self.stdout.write(f"Smartico: {tried.text}. The label's callbacks go on.")
