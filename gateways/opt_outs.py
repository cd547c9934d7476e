"""Telling others of a label's opt-outs: the secrets that sign it, and its suspension."""

import base64
import logging
import secrets

from gateway_project.lib.fields import opens
from gateway_project.lib.personal import Personal
from gateway_project.lib.transactions import writing
from gateways.models import Label
from gateways.models.label import SUSPENSION_LENGTH

logger = logging.getLogger(__name__)

PREFIX = "whsec_"
SECRET_BYTES = 32
LIVE_TOGETHER = 2


def new_webhook_secret() -> str:
    """One as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def renew_webhook_secret(label: Label) -> Personal:
    """A new secret, which signs together with the newest of before; an older one ends.

    The caller shows it once. Belongs into a transaction that holds the label's row.
    """
    made = new_webhook_secret()
    kept = label.opt_out_webhook_secrets
    before = kept.reveal() if kept and opens(kept) else []
    label.opt_out_webhook_secrets = [made, *before][:LIVE_TOGETHER]
    label.save(update_fields=["opt_out_webhook_secrets"])
    return Personal(made)


def end_old_webhook_secrets(label: Label) -> None:
    """Only the newest signs from now on."""
    kept = label.opt_out_webhook_secrets
    if kept and opens(kept):
        label.opt_out_webhook_secrets = kept.reveal()[:1]
        label.save(update_fields=["opt_out_webhook_secrets"])


def suspend(label_id: int, listener: str, because: str) -> None:
    """Tells this listener nothing more until a person has looked; what is owed stays owed. Alarms
    at the first time only."""
    with writing():
        label = Label.objects.select_for_update().get(pk=label_id)
        if listener in label.opt_outs_suspended:
            return
        suspended = {**label.opt_outs_suspended, listener: because[:SUSPENSION_LENGTH]}
        Label.objects.filter(pk=label_id).update(opt_outs_suspended=suspended)
    logger.error("label %s: opt-outs are not told to %s any more", label.slug, listener)
