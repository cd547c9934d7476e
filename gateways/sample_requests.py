"""Requests as Smartico would post them, to look at and to try out. Pure.

Source: "Secured Messaging Gateways (Email/SMS/IM)".
"""

from collections.abc import Mapping
from typing import Any

from gateway_project.lib.vocabulary import Channel

EXT_USER_ID = "hhu234556"
UID = "ksjhdf3428yqwr8fhjhfkdj"
CALLBACK_URL = "https://api.smartico.ai/......callback"
"""As the document shows them."""


def sample_email(
    *, ext_user_id: str = EXT_USER_ID, uid: str = UID, sender: str = "", callback_url: str = ""
) -> dict[str, Any]:
    """An e-mail; an empty sender or callback_url is left out."""
    body = {
        "ext_user_id": ext_user_id,
        "from_email_address": sender,
        "reply_to_email_address": sender,
        "subject": "The best offer you can find on the market",
        "body": "<html><body><p>Best offer ever</p></body></html>",
        "text_body": "Best offer ever",
        "email_uid": uid,
        "callback_url": callback_url,
    }
    return _without_empty(body)


def sample_preview(*, address: str, **email: str) -> dict[str, Any]:
    """An e-mail that goes to an address of the operator and not to the user's."""
    return {**sample_email(**email), "activity_type": "preview", "to_email_address": address}


def sample_instant_message(
    *, ext_user_id: str = EXT_USER_ID, uid: str = UID, callback_url: str = ""
) -> dict[str, Any]:
    """A message to a phone; the gateway's own sender is used."""
    body = {
        "ext_user_id": ext_user_id,
        "body": "Best offer ever",
        "im_uid": uid,
        "callback_url": callback_url,
    }
    return _without_empty(body)


def sample_custom_im(extension: Mapping[str, Any], **message: str) -> dict[str, Any]:
    """A Custom IM with this extension."""
    body = sample_instant_message(**message)
    return {**body, "extension": dict(extension)}


def path_of(channel: Channel, template_slug: str = "") -> str:
    """Where requests of this channel are posted to."""
    name = channel.value.replace("_", "-")
    return f"/api/v1/{name}/{template_slug}" if template_slug else f"/api/v1/{name}"


def _without_empty(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value != ""}
