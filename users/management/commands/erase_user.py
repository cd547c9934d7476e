"""Erases end users: their addresses, what waits to be sent to them, and what messages said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from users.erasing import erase, proof_of
from users.management.choosing import label_named, reason_given
from users.models import EndUser, ErasureProof


class Command(BaseCommand):
    help = (
        "Erases end users for good: the row and the addresses, what waits to be sent (its status "
        "becomes failed, 'erased'), and what their messages said. A proof stays that names nobody."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ext_user_id", nargs="*", help="as the platform stores it")
        parser.add_argument("--label", required=True, help="slug of the label")
        parser.add_argument("--file", help="a file with an ext_user_id on each line")
        parser.add_argument("--reason", default="", help="kept with the proof")
        parser.add_argument(
            "--with-suppressions",
            action="store_true",
            help="also forget that their addresses are not written to",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        label = label_named(options["label"])
        missing = 0
        for number, ext_user_id in enumerate(_ids(options), start=1):
            user = EndUser.objects.filter(label=label, ext_user_id=ext_user_id).first()
            proofs = [] if user is None else self._erase(user, options)
            for proof in proofs:
                self.stdout.write(f"user {number}: erased; removed {_removed(proof)}")
            if not proofs:
                missing += not self._was_erased(label.pk, number, ext_user_id)
        if missing:
            raise CommandError(f"Not found in this label: {missing:,}.")

    def _erase(self, user: EndUser, options: dict[str, Any]) -> list[ErasureProof]:
        return erase(
            [user],
            "erase_user",
            reason=reason_given(options["reason"]),
            with_suppressions=options["with_suppressions"],
        )

    def _was_erased(self, label_id: int, number: int, ext_user_id: str) -> bool:
        """The id itself is not repeated: it may be an address."""
        proof = proof_of(label_id, ext_user_id)
        if proof is None:
            self.stdout.write(f"user {number}: not found")
            return False
        self.stdout.write(f"user {number}: was erased on {proof.erased_at:%Y-%m-%d %H:%M} UTC")
        return True


def _removed(proof: ErasureProof) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in proof.removed.items())


def _ids(options: dict[str, Any]) -> Iterator[str]:
    if not options["ext_user_id"] and not options["file"]:
        raise CommandError("Name a user, or a file with --file.")
    yield from options["ext_user_id"]
    if options["file"]:
        try:
            with Path(options["file"]).open(encoding="utf-8") as lines:
                yield from filter(None, (line.strip("\r\n") for line in lines))
        except (OSError, UnicodeDecodeError) as error:
            problem = getattr(error, "strerror", None) or "it is not UTF-8"
            raise CommandError(f"The file cannot be read: {problem}.") from None
