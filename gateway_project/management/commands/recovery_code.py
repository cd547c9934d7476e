"""Lets somebody in who has lost the second factor, where no administrator is left."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway_project.back_office.two_factor.factor import add_code


class Command(BaseCommand):
    help = "Prints a recovery code that is good for one log-in of this person, beside the password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the person's user name")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(username=options["name"], is_active=True).first()
        if person is None:
            raise CommandError("There is no such person.")
        self.stdout.write(add_code("recovery_code", person))
