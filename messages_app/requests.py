"""Smartico's requests as values: every field of the documents, checked.

Source: "Secured Messaging Gateways (Email/SMS/IM)" and the older "Secured Email/SMS Gateway".
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.mailbox import parse_mailbox
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from messages_app import fields

ACTIVITY_TYPES = ("preview", "Unknown", "EmailCustomerSupport")
UNFILLED = re.compile(r"\{\{[^{}]{0,100}\}\}")
UNFILLED_NOTE = "the text holds what looks like an unfilled placeholder"
EXTENSION_NOTE = "extension came with a channel that has none: ignored"

KNOWN_FIELDS = frozenset(
    {
        *("ext_user_id", "callback_url", "body"),
        *("from_email_address", "reply_to_email_address", "subject", "text_body", "email_uid"),
        *("activity_type", "to_email_address"),
        *("from_number", "im_uid", "extension"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """One request. `content` is the received object, mended, without the two addresses in it."""

    channel: Channel
    ext_user_id: str = field(repr=False)
    uid: str
    sender: str = field(default="", repr=False)
    callback_url: Personal | None = None
    activity_type: str = ""
    preview_address: Personal | None = None
    content: dict[str, Any] = field(repr=False)
    notes: tuple[str, ...] = ()
    unknown_fields: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_preview(self) -> bool:
        return self.preview_address is not None

    @property
    def text(self) -> str:
        """The plain text body: an e-mail's `text_body`, everything else's `body`."""
        name = "text_body" if self.channel == Channel.EMAIL else "body"
        return self.content.get(name) or ""

    @property
    def html(self) -> str:
        return (self.content.get("body") or "") if self.channel == Channel.EMAIL else ""

    def fingerprint(self, template_slug: str) -> str:
        """Equal for equal requests. Another `callback_url` alone makes no other request; a field
        that is null or empty is the same as one that is absent."""
        content = {name: value for name, value in self.content.items() if value not in (None, "")}
        parts = [self.channel, self.ext_user_id, self.activity_type, template_slug, content]
        if self.preview_address:
            parts.append(self.preview_address.reveal())
        return keyed_digest(json.dumps(parts, sort_keys=True), purpose="fingerprint")


def read_request(channel: Channel, body: Mapping[str, Any]) -> SendRequest:
    """The request in a JSON object, or Refused with the field that is wrong."""
    read = _read_email if channel == Channel.EMAIL else _read_instant_message
    parts = read(channel, body)
    notes: set[str] = set(parts.pop("notes", ()))
    kept = {name: body[name] for name in body if name not in ("callback_url", "to_email_address")}
    content = fields.mended(kept, notes)
    if any(UNFILLED.search(text) for text in _texts(content)):
        notes.add(UNFILLED_NOTE)
    url = fields.text(body, "callback_url")
    return SendRequest(
        channel=channel,
        ext_user_id=fields.user_id(body),
        callback_url=Personal(url) if url else None,
        content=content,
        notes=tuple(sorted(notes)),
        unknown_fields=tuple(name for name in body if name not in KNOWN_FIELDS),
        **parts,
    )


def _texts(content: Mapping[str, Any]) -> Iterator[str]:
    """What people read. A field of another channel may hold anything."""
    values = (content.get(name) for name in ("subject", "body", "text_body"))
    return (value for value in values if isinstance(value, str))


def _read_email(channel: Channel, body: Mapping[str, Any]) -> dict[str, Any]:
    fields.user_id(body)
    activity_type, preview_address = _preview(body)
    has_uid = body.get("email_uid") not in (None, "")
    uid = fields.required_id(body, "email_uid") if has_uid or not preview_address else ""
    fields.header(body, "subject")
    fields.mailbox(body, fields.REPLY_TO)
    sender = fields.mailbox(body, "from_email_address")
    if not any([fields.has_text(body, "body"), fields.has_text(body, "text_body")]):
        raise fields.invalid("body", "is missing, and so is text_body")
    return {
        "uid": uid,
        "sender": sender,
        "activity_type": activity_type,
        "preview_address": preview_address,
    }


def _preview(body: Mapping[str, Any]) -> tuple[str, Personal | None]:
    """Both fields or neither: an address alone would let a caller write to anyone.

    Of the mailbox only the address is kept, so what is sent to is what was checked.
    """
    activity_type = fields.text(body, "activity_type")
    address = fields.mailbox(body, "to_email_address")
    if activity_type and activity_type not in ACTIVITY_TYPES:
        raise fields.invalid("activity_type", f"must be one of {', '.join(ACTIVITY_TYPES)}")
    if activity_type and not address:
        raise fields.invalid("to_email_address", "is missing: activity_type asks for it")
    if address and not activity_type:
        raise fields.invalid("activity_type", "is missing: to_email_address asks for it")
    return activity_type, Personal(parse_mailbox(address).address) if address else None


def _read_instant_message(channel: Channel, body: Mapping[str, Any]) -> dict[str, Any]:
    fields.user_id(body)
    uid = fields.required_id(body, "im_uid")
    sender = fields.header(body, "from_number")
    if not fields.has_text(body, "body"):
        raise fields.invalid("body", "is missing")
    if channel == Channel.CUSTOM_IM:
        return {"uid": uid}
    notes = [EXTENSION_NOTE] if body.get("extension") is not None else []
    return {"uid": uid, "sender": sender, "notes": notes}
