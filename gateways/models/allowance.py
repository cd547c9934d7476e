"""What a key may still do: its limit, kept over all processes and machines."""

from django.db import models

from gateways.models.key import Key


class Allowance(models.Model):
    """Up to which moment a key's requests are spoken for. Apart from the key, so that it is no
    change of the configuration. Only keys with a limit have one, from their first request on.
    """

    key = models.OneToOneField(Key, on_delete=models.CASCADE, primary_key=True)
    spent_until = models.BigIntegerField(default=0, help_text="Microseconds since 1970.")

    def __str__(self) -> str:
        return f"allowance of key {self.key_id}"
