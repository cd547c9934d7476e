"""Repeats: what makes a request the same as an earlier one, and the id that one was answered."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.fibers import done_aside
from gateway_project.lib.journal import also_about
from gateway_project.lib.protocol import ErrorCode, Refused
from gateways.callers import Caller
from gateways.values import TemplateValues
from messages_app.models import Message
from messages_app.requests import SendRequest

logger = logging.getLogger(__name__)

KEY_LENGTH = 32
"""128 bits tell all uids apart that there will ever be. Of all that is written of a message, the
index of these keys takes most room, at a random place of it."""
PREVIEW_WINDOW_SECONDS = 60
"""A preview that comes again within the same minute, unchanged, is the same preview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`repeat_key` is taken once in a label and channel; `fingerprint` is that of the content."""

    repeat_key: str
    fingerprint: str


def identity_of(request: SendRequest, template: TemplateValues | None) -> Identity:
    """By its uid, which must come with the same content each time."""
    fingerprint = request.fingerprint(template.slug if template else "")
    return Identity(repeat_key=_repeat_key(request, fingerprint), fingerprint=fingerprint)


def earlier_id(caller: Caller, request: SendRequest, identity: Identity) -> UUID | None:
    """The id of the message that this request repeats; Refused where the content is another."""
    found = _earlier(caller, request, identity)
    if found is None:
        return None
    also_about(found[0])
    if found[1] != identity.fingerprint:
        logger.warning("message %s: its uid was used again with other content", found[0])
        raise Refused(ErrorCode.UID_REUSED)
    return found[0]


@done_aside
def _earlier(caller: Caller, request: SendRequest, identity: Identity) -> tuple[UUID, str] | None:
    """The id and the fingerprint."""
    earlier = Message.objects.filter(
        label=caller.label.id, channel=request.channel, repeat_key=identity.repeat_key
    )
    if caller.brand_id is not None:
        earlier = earlier.filter(brand=caller.brand_id)
    return earlier.values_list("pk", "fingerprint").first()


def uid_key(uid: str) -> str:
    """The `repeat_key` of the message with this uid, unless it is a preview. It is how a uid is
    looked up: that index is there anyway, and is the same on each channel."""
    return keyed_digest(uid, purpose="uid")[:KEY_LENGTH]


def _repeat_key(request: SendRequest, fingerprint: str) -> str:
    """Previews have a short window of their own."""
    if not request.is_preview:
        return uid_key(request.uid)
    if not request.uid:
        return uuid4().hex
    window = int(time.time() // PREVIEW_WINDOW_SECONDS)
    return keyed_digest(f"{request.uid}:{fingerprint}:{window}", purpose="preview-uid")[:KEY_LENGTH]
