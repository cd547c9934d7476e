"""What Webex Connect is sent: a message's destination, and what it shares with equal messages.

Source: "Send Message v2". Names of receipts are written in capitals, as the samples have them.
CLICKED stands in no list of them but in the samples: it is asked for only where clicks are tracked.
No limit of a subject is documented, so none is kept.

Custom IM leaves as RCS, or as a mail of plain text: as neither has it a From of its own, nor as a
mail a subject. The account says them, and its extension fields fill in what the account describes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway_project.lib.mailbox import Mailbox, parse_mailbox
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import GatewayMisconfigured, MessageRejected, OutboundMessage
from gateways.providers.gsm7 import is_gsm7
from gateways.providers.https_urls import is_https_url
from gateways.providers.placeholders import Values, filled, values_of
from gateways.providers.webex_markers import (
    PROBLEM,
    has_opaque_marker,
    holds_marker,
    without_markers,
)
from gateways.providers.webex_rcs import problem_of, rich
from gateways.providers.webex_times import send_at

CONFIG = Mapping[str, Any]
HTML_LIMIT = 350_000
FALLBACK_LIMIT = 1024
TEXT_LIMIT: Mapping[Channel, int] = {Channel.SMS: 1024, Channel.RCS: 3072}
RECEIPTS: Mapping[Channel, tuple[str, ...]] = {
    Channel.SMS: ("SUBMITTED", "DELIVERED", "UNDELIVERED", "FAILED"),
    Channel.EMAIL: (
        *("SUBMITTED", "DELIVERED", "NOT VERIFIED", "INVALID"),
        *("BOUNCED", "COMPLAINT", "READ", "FAILED"),
    ),
    Channel.RCS: ("SUBMITTED", "DELIVERED", "READ", "FAILED"),
}
TRACKED = (Channel.SMS, Channel.EMAIL)
ATTACHMENT = {"mimeType", "name", "mediaUrl"}
IM_SENDERS: Mapping[Channel, tuple[str, str]] = {
    Channel.RCS: ("rcs_app_id", "RCS app ID"),
    Channel.EMAIL: ("mail_from", "From"),
}
"""What Custom IM leaves from, by what it leaves as: the setting, and its name."""
TEXT_OF_THE_MESSAGE = {"type": "text", "text": "{{ message.text }}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message: whom it goes to, and everything else."""

    destination: Mapping[str, Any] = field(repr=False)
    shared: Mapping[str, Any] = field(repr=False)


def road(channel: Channel, config: CONFIG) -> Channel:
    """The channel of Webex Connect that a message of this channel leaves by."""
    if channel != Channel.CUSTOM_IM:
        return channel
    return Channel(config.get("custom_im_as") or Channel.RCS)


def letter(message: OutboundMessage, config: CONFIG) -> Letter:
    """The message as this account sends it. Raises a ProviderError where it cannot leave."""
    channel = road(message.channel, config)
    values = values_of(message, webhook_url="", status_url="")
    destination = _destination(message, channel) | _substitutions(values, config)
    shared = (
        {"channel": channel.value, "from": _from(message, channel, config)}
        | PARTS[channel](message, values, config)
        | {"requestedReceipts": _receipts(channel, config)}
        | _timing(values, message, config)
    )
    if template_id := config.get("template_id"):
        shared = {name: each for name, each in shared.items() if name != "content"}
        shared["template"] = {"id": template_id}
    if holds_marker([destination, shared]):
        raise MessageRejected(f"it holds {PROBLEM}")
    return Letter(destination=destination, shared=shared)


def content_problem(channel: Channel, text: str, html: str, config: CONFIG) -> str | None:
    """Why this content cannot leave, as far as it alone can tell; None where it can."""
    if config.get("template_id"):
        return None
    channel = road(channel, config)
    if channel == Channel.EMAIL:
        return _mail_problem(text, html)
    if channel != Channel.SMS and config.get("rcs_content"):
        return None
    limit = _limit(channel, config)
    if len(text) > limit:
        return f"the text is over {limit} characters"
    return f"the text holds {PROBLEM}" if holds_marker(text) else None


def substitutions_problem(substitutions: object) -> str | None:
    is_flat = isinstance(substitutions, Mapping) and not any(
        isinstance(each, dict | list) for each in substitutions.values()
    )
    return None if is_flat else "One JSON object of names and values is expected."


def smart_links_problem(links: object) -> str | None:
    """What is wrong with the list of smart links."""
    if isinstance(links, list) and all(_is_smart_link(each) for each in links):
        return None
    return 'A list is expected, such as [{"smartlinkId": 5, "validity": 30}].'


def attachments_problem(attachments: object) -> str | None:
    """What is wrong with the document that attachments are made of."""
    if not isinstance(attachments, list):
        return "A list of attachments is expected."
    for each in attachments:
        if not isinstance(each, Mapping) or each.keys() != ATTACHMENT:
            return "An attachment has a mimeType, a name and a mediaUrl, and nothing else."
        if not all(isinstance(text, str) for text in each.values()):
            return "What an attachment has is text."
        if not each["mediaUrl"].startswith(("https://", "{{")):
            return "A mediaUrl begins with https://."
    return None


def _mail_problem(text: str, html: str) -> str | None:
    if len(without_markers(html).encode(errors="replace")) > HTML_LIMIT:
        return f"the HTML is over {HTML_LIMIT} bytes"
    if has_opaque_marker(html):
        return f"a style or script in the HTML holds {PROBLEM}"
    if not html and holds_marker(text):
        return f"the text holds {PROBLEM}"
    return None


def _limit(channel: Channel, config: CONFIG) -> int:
    """What falls back to an SMS is as short as one, unless that has a text of its own."""
    if channel == Channel.SMS:
        return TEXT_LIMIT[channel]
    is_both = config.get("sms_fallback") and not config.get("fallback_text")
    return FALLBACK_LIMIT if is_both else TEXT_LIMIT[Channel.RCS]


def _destination(message: OutboundMessage, channel: Channel) -> dict[str, Any]:
    """SMS go to a number without its plus, as the samples have it, and RCS to one with it."""
    if message.recipient is None:
        raise MessageRejected("there is no recipient")
    address = message.recipient.reveal()
    if channel == Channel.SMS:
        address = address.removeprefix("+")
    kind = "email" if channel == Channel.EMAIL else "msisdn"
    return {kind: [address], "correlationId": message.id}


def _substitutions(values: Values, config: CONFIG) -> dict[str, Any]:
    """A template's variables; empty where the message has no value."""
    made = filled(config.get("substitutions") or {}, values)
    texts = {name: "" if each is None else each for name, each in made.items()}
    return {"substitutions": texts} if texts else {}


def _from(message: OutboundMessage, channel: Channel, config: CONFIG) -> str:
    if channel == Channel.EMAIL:
        return _mailbox(message, config).address
    return _sender(message, config)


def _sender(message: OutboundMessage, config: CONFIG) -> str:
    """The From as it is written; that of Custom IM is the account's."""
    if message.channel == Channel.CUSTOM_IM:
        name, title = IM_SENDERS[road(message.channel, config)]
        if sender := config.get(name):
            return str(sender)
        raise GatewayMisconfigured(f"Custom IM needs the {title} that it leaves from")
    if not message.sender:
        raise GatewayMisconfigured("Webex Connect sends nothing without a From")
    return message.sender


def _mailbox(message: OutboundMessage, config: CONFIG) -> Mailbox:
    try:
        return parse_mailbox(_sender(message, config))
    except ValueError:
        raise MessageRejected("From is not one well-formed mailbox") from None


def _receipts(channel: Channel, config: CONFIG) -> list[str]:
    is_tracked = config.get("track_clicks") and channel in TRACKED
    return [*RECEIPTS[channel], *(["CLICKED"] if is_tracked else [])]


def _timing(values: Values, message: OutboundMessage, config: CONFIG) -> dict[str, Any]:
    timing = {"priority": config["priority"]} if config.get("priority") else {}
    if template := config.get("send_at"):
        moment = send_at(filled(template, values), until=message.expires_at)
        timing |= {"sendAt": moment} if moment else {}
    return timing


def _sms(message: OutboundMessage, values: Values, config: CONFIG) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if config.get("shorten_links"):
        options = {"shortenLinks": True, "trackClicks": bool(config.get("track_clicks"))}
    if domain := config.get("domain"):
        options["domain"] = domain
    if dlt := config.get("dlt_template_id"):
        options["extras"] = {"dlt_templateid": dlt}
    kind = "text" if is_gsm7(message.text) else "unicode"
    return (
        {"content": {"type": kind, "text": message.text}}
        | ({"options": options} if options else {})
        | ({"smartlinks": config["smart_links"]} if config.get("smart_links") else {})
    )


def _email(message: OutboundMessage, values: Values, config: CONFIG) -> dict[str, Any]:
    options: dict[str, Any] = {
        "trackClicks": bool(config.get("track_clicks")),
        "trackOpens": bool(config.get("track_opens")),
    }
    if name := _mailbox(message, config).name:
        options["fromName"] = name
    return {"options": options, "content": _mail(message, values, config)}


def _mail(message: OutboundMessage, values: Values, config: CONFIG) -> dict[str, Any]:
    if not config.get("template_id") and (problem := _mail_problem(message.text, message.html)):
        raise MessageRejected(problem)
    content: dict[str, Any] = {
        "type": "html" if message.html else "text",
        "subject": _subject(message, values, config),
    }
    if message.reply_to:
        content["replyTo"] = message.reply_to
    if message.html:
        content["html"] = without_markers(message.html)
    # The plain part of a mail may be left out; one that could be expanded may not be sent.
    if message.text and not holds_marker(message.text):
        content["text"] = message.text
    if attachments := _attachments(values, config):
        content["attachments"] = attachments
    return content


def _subject(message: OutboundMessage, values: Values, config: CONFIG) -> str:
    """Custom IM's is made of its values, on one line whatever they hold."""
    if message.channel != Channel.CUSTOM_IM:
        return message.subject
    made = filled(config.get("mail_subject") or "", values)
    if subject := " ".join(str(made or "").split()):
        return subject
    raise MessageRejected("nothing is left of its subject")


def _attachments(values: Values, config: CONFIG) -> list[dict[str, Any]]:
    """Those that the message has a URL for."""
    made = [each for each in filled(config.get("attachments") or [], values) if each["mediaUrl"]]
    if not all(is_https_url(each["mediaUrl"]) for each in made):
        raise MessageRejected("the mediaUrl of an attachment is not a URL with https://")
    return made


def _rcs(message: OutboundMessage, values: Values, config: CONFIG) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if config.get("sms_fallback"):
        options = {
            "smsFallback": True,
            "smsSenderId": config["sms_sender_id"],
            "text": _fallback(values, config),
        }
    if carrier := config.get("carrier_id"):
        options["carrierId"] = carrier
    content = rich(config.get("rcs_content") or TEXT_OF_THE_MESSAGE, values)
    if not config.get("template_id") and (problem := problem_of(content)):
        raise MessageRejected(f"its RCS content: {problem}")
    return {"content": content} | ({"options": options} if options else {})


def _fallback(values: Values, config: CONFIG) -> str:
    text = str(filled(config.get("fallback_text") or "{{ message.text }}", values) or "")
    if not text or len(text) > FALLBACK_LIMIT:
        raise MessageRejected(f"the SMS to fall back to has no text or over {FALLBACK_LIMIT}")
    return text


def _is_smart_link(link: object) -> bool:
    return (
        isinstance(link, Mapping)
        and link.keys() == {"smartlinkId", "validity"}
        and all(type(each) is int and each > 0 for each in link.values())
    )


Part = Callable[[OutboundMessage, Values, CONFIG], dict[str, Any]]
PARTS: Mapping[Channel, Part] = {Channel.SMS: _sms, Channel.EMAIL: _email, Channel.RCS: _rcs}
"""What each channel adds."""
