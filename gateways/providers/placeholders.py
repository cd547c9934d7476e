"""Templates with `{{ placeholders }}`: values come into them as values, and never as text.

A template is parsed before anything is put in. So a value can neither end a string nor begin a
placeholder: what it holds is looked at by nobody.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from gateways.providers.errors import MessageRejected
from gateways.providers.lookups import as_word
from gateways.providers.values import OutboundMessage

PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]{1,100}?)\s*\}\}", re.ASCII)
CREDENTIAL = "secret"
"""The account's own, where it has one to put into a template."""
OUR_ID = "message.id"
OPEN = ("properties", "extension")
"""Mappings whose members the platform and Smartico name."""
Values = Mapping[str, Any]


def values_of(message: OutboundMessage, *, webhook_url: str, status_url: str) -> Values:
    """What may be inserted for this message, by the placeholder's name."""
    now = datetime.now(UTC)
    told = {name: read(message) for name, read in READERS.items()}
    return told | {
        "properties": dict(message.properties),
        "webhook_url": webhook_url,
        "status_url": status_url,
        "now.unix": int(now.timestamp()),
        "now.iso": now.isoformat(timespec="seconds"),
    }


def _address(message: OutboundMessage) -> Any:
    return message.recipient.reveal() if message.recipient else None


def _digits(message: OutboundMessage) -> str | None:
    address = _address(message)
    return address.removeprefix("+") if address else None


def _moment(message: OutboundMessage) -> str | None:
    return message.expires_at.isoformat(timespec="seconds") if message.expires_at else None


def _unix(message: OutboundMessage) -> int | None:
    return int(message.expires_at.timestamp()) if message.expires_at else None


READERS: Mapping[str, Callable[[OutboundMessage], Any]] = {
    OUR_ID: lambda message: message.id,
    "message.uid": lambda message: message.uid,
    "message.channel": lambda message: str(message.channel.value),
    "message.sender": lambda message: message.sender,
    "message.reply_to": lambda message: message.reply_to,
    "message.subject": lambda message: message.subject,
    "message.text": lambda message: message.text,
    "message.html": lambda message: message.html,
    "message.expires_at": _moment,
    "message.expires_unix": _unix,
    "recipient": _address,
    "recipient.digits": _digits,
    "ext_user_id": lambda message: message.ext_user_id,
    "extension": lambda message: message.received.get("extension") or {},
}
KNOWN = frozenset({*READERS, "properties", "webhook_url", "status_url", "now.unix", "now.iso"})


def problem_in(template: object, known: frozenset[str] = KNOWN) -> str | None:
    """What is wrong with a template, naming the placeholder at fault; None if it can be filled."""
    if isinstance(template, Mapping):
        if any("{{" in str(name) for name in template):
            return "Placeholders stand in values, not in names."
        template = list(template.values())
    if isinstance(template, list):
        return next((problem for each in template if (problem := problem_in(each, known))), None)
    return _problem_in_text(template, known) if isinstance(template, str) else None


def _problem_in_text(text: str, known: frozenset[str]) -> str | None:
    for name in PLACEHOLDER.findall(text):
        if not _is_known(name, known):
            return f"There is no placeholder {name}; there are {', '.join(sorted(known))}."
    if "{{" in PLACEHOLDER.sub("", text):
        return "A placeholder is written {{ message.text }}: a name between two pairs of braces."
    return None


def _is_known(name: str, known: frozenset[str]) -> bool:
    head, _, member = name.partition(".")
    return name in known or (head in OPEN and head in known and bool(member))


def secret_places(template: object, *path: object) -> set[tuple[object, ...]]:
    """Where in a template the secret stands, each with the text around it."""
    if isinstance(template, str):
        return {(*path, template)} if CREDENTIAL in PLACEHOLDER.findall(template) else set()
    members: Iterable[tuple[object, object]] = ()
    if isinstance(template, Mapping):
        members = template.items()
    elif isinstance(template, list):
        members = enumerate(template)
    return {place for name, each in members for place in secret_places(each, *path, name)}


def filled(template: Any, values: Values) -> Any:
    """The template with values in it. A string that is one placeholder becomes the value itself."""
    if isinstance(template, Mapping):
        return {name: filled(each, values) for name, each in template.items()}
    if isinstance(template, list):
        return [filled(each, values) for each in template]
    if not isinstance(template, str):
        return template
    if whole := PLACEHOLDER.fullmatch(template):
        return _value(whole[1], values)
    return PLACEHOLDER.sub(lambda found: _text(_value(found[1], values)), template)


def filled_url(template: str, values: Values) -> str:
    """The URL with percent-encoded values. Raises MessageRejected for one that would lead away."""
    url = PLACEHOLDER.sub(
        # A colon stands there as it is (RFC 3986, 3.3): tokens that hold one are compared so.
        lambda found: quote(_text(_value(found[1], values)), safe=":", errors="replace"),
        template,
    )
    if url != template and {".", ".."} & set(unquote(url.partition("?")[0]).split("/")):
        raise MessageRejected("a value of the message cannot stand in the URL's path")
    return url


def _value(name: str, values: Values) -> Any:
    if name in values:
        return values[name]
    head, _, member = name.partition(".")
    return values[head].get(member)


def _text(value: object) -> str:
    return value if isinstance(value, str) else as_word(value)
