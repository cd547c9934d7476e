"""The second factors of the people in the back office, which the database alone gives nobody."""

import os
import time
from base64 import b32encode
from typing import ClassVar, Final

from django.db import models
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.fields import SealedTextField
from gateway_project.lib.identifiers import new_id

SEED_BYTES: Final = 20
CODE_BYTES: Final = 5
TOLERANCE: Final = 1
"""Steps that a telephone's clock may be off."""


def new_seed() -> str:
    """In hexadecimal digits."""
    return os.urandom(SEED_BYTES).hex()


class TokenApp(ThrottlingMixin, Device):  # type: ignore[misc]
    """An app on a telephone that shows a token every half minute (TOTP, RFC 6238).

    Its seed is sealed: who copies the database can make no tokens.
    """

    DIGITS: ClassVar[int] = 6
    STEP_SECONDS: ClassVar[int] = 30

    uid = models.UUIDField(default=new_id, unique=True, editable=False)
    seed = SealedTextField(bound_to="uid", default=new_seed)
    drift = models.SmallIntegerField(default=0, help_text="Steps that the telephone is off.")
    last_step = models.BigIntegerField(default=-1, help_text="Of the last token that was taken.")

    class Meta:
        verbose_name = "token app"

    @property
    def key(self) -> bytes:
        """Raises Undecryptable."""
        return bytes.fromhex(self.seed.reveal())

    def verify_token(self, token: str) -> bool:
        """Whether it is the token of this time, and was not taken before. Raises Undecryptable."""
        if not self.verify_is_allowed()[0]:
            return False
        totp = TOTP(self.key, self.STEP_SECONDS, digits=self.DIGITS, drift=self.drift)
        totp.time = time.time()
        is_right = token.isdecimal() and totp.verify(int(token), TOLERANCE, self.last_step + 1)
        if is_right:
            self.last_step, self.drift = totp.t(), totp.drift
            self.throttle_reset(commit=False)
            self.save()
        else:
            self.throttle_increment(commit=True)
        return bool(is_right)

    def get_throttle_factor(self) -> int:
        return 1


class RecoverySheet(ThrottlingMixin, Device):  # type: ignore[misc]
    """Codes on paper, for who has lost the telephone. Each is good for one time."""

    class Meta:
        verbose_name = "recovery sheet"

    def add_codes(self, count: int) -> list[str]:
        """New ones beside those that are left. They are not to be seen again."""
        codes = [b32encode(os.urandom(CODE_BYTES)).decode().lower() for _ in range(count)]
        RecoveryCode.objects.bulk_create(
            RecoveryCode(sheet=self, digest=self._digest(code)) for code in codes
        )
        return codes

    def verify_token(self, token: str) -> bool:
        if not self.verify_is_allowed()[0]:
            return False
        is_right = bool(self.codes.filter(digest=self._digest(token)).delete()[0])
        if is_right:
            self.throttle_reset(commit=True)
        else:
            self.throttle_increment(commit=True)
        return is_right

    def get_throttle_factor(self) -> int:
        return 1

    def _digest(self, code: str) -> str:
        return keyed_digest(f"{self.pk}:{code}", purpose="recovery-code")


class RecoveryCode(models.Model):
    """One code that was not used yet, as a keyed digest."""

    sheet = models.ForeignKey(RecoverySheet, on_delete=models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet", "digest"], name="recovery_code_once"),
        ]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"
