"""Keys for trying the send APIs out: minted for a page, shown there once, good for an hour."""

import secrets
from datetime import timedelta
from typing import Any

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import KeyKind
from gateways.auditing import record
from gateways.models import Action, Key, Label
from gateways.models.key import secret_digest

LIFETIME = timedelta(hours=1)
SECRET_BYTES = 32
REASON = "a test key, for an hour"


def new_secret() -> str:
    """A secret that nobody guesses, as it goes into a header or a URL."""
    return secrets.token_urlsafe(SECRET_BYTES)


def mint(label: Label, actor: Any) -> str:
    """A new secret for the label's send APIs. Its caller shows it and keeps it nowhere.

    Test keys of the label that have run out are deleted by the way.
    """
    secret = new_secret()
    with writing():
        now = database_now()
        Key.objects.filter(label=label, is_test=True, expires_at__lte=now).delete()
        key = Key.objects.create(
            label=label,
            kind=KeyKind.SMARTICO,
            digest=secret_digest(secret),
            expires_at=now + LIFETIME,
            is_test=True,
        )
        record(actor, Action.ADDED, key, reason=REASON)
    return secret
