"""Writes the configuration back as the YAML that apply_config reads, without its secrets."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway_project.lib.crypto import Undecryptable
from gateways.config_file.exporting import export
from gateways.models import Label


class Command(BaseCommand):
    help = "Writes the configuration as the YAML that apply_config reads, without its secrets."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--label", metavar="SLUG", help="Only this label.")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["label"]
        labels = Label.objects.order_by("pk")
        if slug is not None:
            labels = labels.filter(slug=slug)
        if not labels:
            raise CommandError(f"There is no label {slug}." if slug else "There are no labels.")
        try:
            self.stdout.write(export(labels), ending="")
        except Undecryptable:
            raise CommandError("A configuration does not open with the keys of PII_KEYS.") from None
