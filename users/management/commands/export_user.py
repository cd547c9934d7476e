"""Writes all that is kept of one end user into a file, for the person who asks for it."""

import json
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from users.exporting import export
from users.management.choosing import label_named, reason_given
from users.models import EndUser


class Command(BaseCommand):
    help = (
        "Writes all that is kept of an end user as JSON, addresses in the open, into a new file "
        "that only its owner can read. Who, when and why is written down."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ext_user_id", help="as the platform stores it")
        parser.add_argument("--label", required=True, help="slug of the label")
        parser.add_argument("--reason", required=True, help="why, for the audit")
        parser.add_argument("-o", "--output", required=True, help="the file; it must not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        label = label_named(options["label"])
        reason = reason_given(options["reason"], is_needed=True)
        users = EndUser.objects.select_related("label", "brand")
        user = users.filter(label=label, ext_user_id=options["ext_user_id"]).first()
        if user is None:
            raise CommandError("There is no such user in this label.")
        try:
            file = os.open(options["output"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"The file cannot be made: {error.strerror}.") from None
        with os.fdopen(file, "w", encoding="utf-8") as out:
            json.dump(export(user, "export_user", reason), out, ensure_ascii=False, indent=2)
            out.write("\n")
        self.stdout.write(
            "Exported. The file holds addresses in the open: delete it when it is sent."
        )
