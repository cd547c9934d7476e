"""Links of our own in what is sent: opened, clicked, unsubscribe.

A token names the message and what may be done with it, signed; a click's also holds the target, so
that the gateway redirects only to where a message of its own pointed.
"""

from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import quote

from django import forms
from django.core import signing

from gateways.providers.groups import ConfigForm

SALT = "gatehouse.links"


class Link(StrEnum):
    """What a link is for; its path below `/callbacks/`."""

    OPENED = "opened"
    CLICKED = "clicked"
    UNSUBSCRIBE = "unsubscribe"


def url_of(public_url: str, link: Link, message_id: str, target: str = "") -> str:
    """The link of that message. `target` is where a click leads on to."""
    token = signing.dumps([message_id, target], salt=f"{SALT}.{link}", compress=True)
    return f"{public_url}/callbacks/{link}/{quote(token)}"


def read_token(link: Link, token: str) -> tuple[str, str] | None:
    """The message id and the target in a token of ours; None in any other."""
    try:
        message_id, target = signing.loads(token, salt=f"{SALT}.{link}")
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return str(message_id), str(target)


class UnsubscribeOption(ConfigForm):
    """The switch of an e-mail provider's Config for a List-Unsubscribe of our own."""

    list_unsubscribe = forms.BooleanField(
        required=False,
        label="Add List-Unsubscribe",
        help_text="Headers for one-click unsubscribing (RFC 8058), answered by this gateway. "
        "Smartico's own opt-out link in the body stays as it is.",
    )


def unsubscribe_headers(public_url: str, message_id: str) -> Mapping[str, str]:
    """List-Unsubscribe and List-Unsubscribe-Post (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{url_of(public_url, Link.UNSUBSCRIBE, message_id)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
