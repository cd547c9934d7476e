"""An address is shown to a person who may see it, says why, and does not ask for too many.

Every try is written down, also the refused ones, and before anything is shown.
"""

from datetime import timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model

from gateway_project.lib.clock import database_now
from gateway_project.lib.confirming import NO_REASON, SHORTEST_REASON
from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.transactions import writing
from gateways.auditing import record
from gateways.models import Action, AuditEntry
from gateways.models.audit import REASON_LENGTH
from users.models import EndUser

MAY_REVEAL: Final = "users.reveal_enduser"
PARTS: Final = ("email", "phone")
REVEALS: Final = 20
WITHIN: Final = timedelta(hours=1)
NO_RIGHT = "You may not reveal addresses."
TOO_MANY = f"You have revealed {REVEALS} addresses within an hour. Wait, or ask a colleague."


class RevealRefused(Exception):
    """Nothing is shown. The text is for the person who asked."""


def reveal(actor: Any, user: EndUser, part: str, reason: str) -> Personal | None:
    """The user's e-mail address or number; None where there is none. Raises RevealRefused.

    When it returns, that it was revealed is committed: it is not called inside a transaction.
    """
    reason = scrub(reason.strip(), kept=REASON_LENGTH)
    with writing():
        get_user_model().objects.select_for_update().get(pk=actor.pk)  # one at a time is counted
        refusal = _refusal(actor, reason)
        action = Action.REFUSED if refusal else Action.REVEALED
        record(actor, action, user, changes={"address": part}, reason=refusal or reason)
    if refusal:
        raise RevealRefused(refusal)
    found: Personal | None = getattr(user, part)
    return found


def _refusal(actor: Any, reason: str) -> str:
    if not actor.has_perm(MAY_REVEAL):
        return NO_RIGHT
    if len(reason) < SHORTEST_REASON:
        return NO_REASON
    since = database_now() - WITHIN
    revealed = AuditEntry.objects.filter(actor=actor.pk, action=Action.REVEALED, at__gt=since)
    return TOO_MANY if revealed.count() >= REVEALS else ""
