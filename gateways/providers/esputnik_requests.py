"""What eSputnik is sent: a message itself, a prepared message's parameters, or an event.

Sources: "Send email", "Send SMS", "Send prepared message", "Generate event" on docs.yespo.io, and
the API questions and answers on esputnik.com.

What they leave open is decided so: Viber's body is taken to be that of SMS; how tracking of links
is spelt is not shown, so it is only sent where the operator chose it; a mail has no Reply-To there,
so none is sent. A raw body may be run through Velocity unless a switch of unknown spelling is set:
the switch is not used, and no body leaves that Velocity could change (see `velocity`).
An event names its contact in `keyValue` and again as a parameter, since both are described.
"""

import json
from collections.abc import Mapping
from typing import Any

from gateway_project.lib.mailbox import Mailbox, parse_mailbox
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import GatewayMisconfigured, MessageRejected, OutboundMessage
from gateways.providers.velocity import has_opaque_markup, holds_markup, without_markup

PATHS: Mapping[Channel, str] = {
    Channel.EMAIL: "message/email",
    Channel.SMS: "message/sms",
    Channel.VIBER: "message/viber",
}
"""Where a message itself is posted to, below `v1/`."""

CONTACT_KEYS = ("contactId", "externalCustomerId", "email", "phone", "pushToken")
"""Parameters of an event that name its contact, the first of them first."""

PLAIN_SOURCES = ("subject", "text", "html", "ext_user_id", "ext_message_id")
MEMBER_SOURCES = ("extension", "properties")
PROBLEM = "eSputnik may take for its template language: a $ before a name, a # before a directive"


def raw_problem(text: str, html: str) -> str | None:
    """Why this content cannot leave as it is; None where it can."""
    if html and has_opaque_markup(html):
        return f"a style or script in the HTML holds what {PROBLEM}"
    if not html and holds_markup(text):
        return f"the text holds what {PROBLEM}"
    return None


def raw(message: OutboundMessage, *, track_links: bool | None) -> dict[str, Any]:
    """The message itself."""
    problem = raw_problem(message.text, message.html)
    if problem is None and holds_markup(message.subject):
        problem = f"the subject holds what {PROBLEM}"
    if problem:
        raise MessageRejected(problem)
    body = _email(message) if message.channel == Channel.EMAIL else _text(message)
    tracking = {} if track_links is None else {"trackLinks": track_links}
    return body | tracking | {"externalRequestId": message.id}


def prepared(
    messages: list[OutboundMessage], *, is_email: bool, params: Mapping[str, str]
) -> dict[str, Any]:
    """A prepared message's recipients, each with its own parameters as a JSON string."""
    recipients = [
        {
            "locator": locator(message),
            "jsonParam": json.dumps(parameters(message, params)),
            "externalRequestId": message.id,
        }
        for message in messages
    ]
    name = from_name(messages[0]) if is_email else ""
    return {"recipients": recipients, "email": is_email} | ({"fromName": name} if name else {})


def event(
    message: OutboundMessage, *, type_key: str, contact: tuple[str, str], params: Mapping[str, str]
) -> dict[str, Any]:
    """An event of that contact. What the message brings may not name another one."""
    told = parameters(message, params)
    if any(name in told for name in CONTACT_KEYS):
        raise MessageRejected(f"an event's own fields cannot be called {', '.join(CONTACT_KEYS)}")
    name, value = contact
    everything = {name: value, "ext_message_id": message.id} | told
    return {
        "eventTypeKey": type_key,
        "keyValue": value,
        "params": [{"name": name, "value": as_text(value)} for name, value in everything.items()],
    }


def parameters(message: OutboundMessage, sources: Mapping[str, str]) -> dict[str, Any]:
    """What the mapping asks for and the message has; without a mapping, all of its content."""
    if not sources:
        return _content(message)
    found = {name: _found(message, source) for name, source in sources.items()}
    return {name: value for name, value in found.items() if value is not None}


def is_source(text: str) -> bool:
    """Whether a mapping may name this: `subject`, `extension.title`, `properties.country`."""
    group, _, name = text.partition(".")
    return text in PLAIN_SOURCES or (group in MEMBER_SOURCES and bool(name))


def locator(message: OutboundMessage) -> str:
    """The recipient as eSputnik writes it: an e-mail address, or a number in digits."""
    if message.recipient is None:
        raise GatewayMisconfigured("it needs an address: choose another key of the contact")
    return str(message.recipient.reveal()).removeprefix("+")


def from_name(message: OutboundMessage) -> str:
    """The display name of a mail's sender, where it has one."""
    try:
        return parse_mailbox(message.sender).name if message.sender else ""
    except ValueError:
        return ""


def _email(message: OutboundMessage) -> dict[str, Any]:
    body = {
        "from": _written(_sender(message)),
        "subject": message.subject,
        "emails": [locator(message)],
    }
    if message.html:
        body["htmlText"] = without_markup(message.html)
    # The plain part of a mail may be left out; one that Velocity has changed may not be sent.
    if message.text and not holds_markup(message.text):
        body["plainText"] = message.text
    return body


def _text(message: OutboundMessage) -> dict[str, Any]:
    if not message.sender:
        raise GatewayMisconfigured("eSputnik sends nothing without a From")
    return {"from": message.sender, "text": message.text, "phoneNumbers": [locator(message)]}


def _sender(message: OutboundMessage) -> Mailbox:
    if not message.sender:
        raise GatewayMisconfigured("eSputnik sends nothing without a From")
    try:
        return parse_mailbox(message.sender)
    except ValueError:
        raise MessageRejected("From is not one well-formed mailbox") from None


def _written(sender: Mailbox) -> str:
    if not sender.name:
        return sender.address
    name = sender.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{sender.address}>'


def _content(message: OutboundMessage) -> dict[str, Any]:
    if message.channel == Channel.CUSTOM_IM:
        return {"body": message.text} | dict(_group(message, "extension"))
    content = {"subject": message.subject, "text": message.text, "html": message.html}
    return {name: value for name, value in content.items() if value}


def _found(message: OutboundMessage, source: str) -> Any:
    if source == "ext_message_id":
        return message.id
    if source in PLAIN_SOURCES:
        return getattr(message, source)
    group, _, name = source.partition(".")
    return _group(message, group).get(name)


def _group(message: OutboundMessage, group: str) -> Mapping[str, Any]:
    held = message.properties if group == "properties" else message.received.get("extension")
    return held if isinstance(held, Mapping) else {}


def as_text(value: Any) -> str:
    """A value as an event or a field holds it: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
