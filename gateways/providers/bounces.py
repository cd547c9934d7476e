"""What comes back by mail: bounces (RFC 3464), complaints (RFC 5965) and the older kinds in plain
text, which flufl.bounce knows.

The message is named by our return path, else by our headers in the part that is returned, else by
the recipient. Anybody can write such a mail about an address that he knows: one that names no
message closes no address as a bounce, and one that names a message no other than it was sent to.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from email import message_from_bytes, message_from_string
from email.message import Message
from itertools import islice

from flufl.bounce import all_failures

from gateway_project.lib.identifiers import read_id
from gateway_project.lib.mailbox import parse_address
from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.vocabulary import Status
from gateways.providers.enhanced_codes import enhanced_code, is_address_at_fault
from gateways.providers.return_paths import message_id_in
from gateways.providers.values import ID_HEADER, StatusUpdate, spoken

LONGEST = 1024 * 1024
MOST_PARTS = 200
LONGEST_PLAIN = 32 * 1024
"""Of a bounce in plain text the beginning is looked at: that is where it says what is wrong, and
the patterns of the library take time by the square of the length."""
ACTIONS: Mapping[str, Status] = {
    "failed": Status.FAILED,
    "error": Status.FAILED,
    "delivered": Status.DELIVERED,
    "relayed": Status.DELIVERED,
}
"""RFC 3464, 2.3.3, and OpenSMTPD's own word."""
FEEDBACK: Mapping[str, Status] = {"abuse": Status.COMPLAINED, "opt-out": Status.UNSUBSCRIBED}
"""RFC 5965, 7.3."""
SAYS_NOTHING = frozenset({"", "delayed", "expanded", "not-spam", "virus", "auth-failure"})
"""What of both Smartico has no word for (the last one: RFC 6591)."""
ARRIVED_AT = ("to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
OWN_ID = re.compile(
    rf"^[> \t]*+(?:{ID_HEADER}:[ \t]*+|Message-ID:[ \t]*+<)([0-9a-f-]{{36}})\b",
    re.IGNORECASE | re.MULTILINE,
)
SENDERS_OF_BOUNCES = re.compile(r"mailer-daemon|postmaster|mail\W?delivery", re.IGNORECASE)


def read_mail(raw: bytes) -> list[StatusUpdate]:
    """The reports in it; none in an answer of a person or a machine.

    Raises ValueError, or another error that strangers' structures may end in, where it cannot be
    read.
    """
    if len(raw) > LONGEST:
        raise ValueError("the mail is too large")
    mail = message_from_bytes(raw)
    parts = list(islice(mail.walk(), MOST_PARTS + 1))
    if len(parts) > MOST_PARTS:
        raise ValueError("the mail has too many parts")
    own_id = message_id_in(_arrived_at(mail)) or _returned_id(parts)
    digest = hashlib.sha256(raw).hexdigest()
    return [
        _named(report, own_id, f"{digest}.{place}")
        for place, report in enumerate(_reports(raw, mail, parts))
    ]


def _reports(raw: bytes, mail: Message, parts: Sequence[Message]) -> Iterator[StatusUpdate]:
    by_type = {part.get_content_type(): part for part in reversed(parts)}
    if delivery := by_type.get("message/delivery-status"):
        yield from _deliveries(delivery)
    elif feedback := by_type.get("message/feedback-report"):
        yield from _feedback(feedback)
    elif SENDERS_OF_BOUNCES.search(_header(mail, "from")) or _header(mail, "return-path") == "<>":
        yield from _plain(message_from_bytes(raw[:LONGEST_PLAIN]))


def _deliveries(part: Message) -> Iterator[StatusUpdate]:
    for block in _blocks(part):
        action = _header(block, "action").partition(" ")[0].lower()
        if action in SAYS_NOTHING:
            continue
        told = " ".join(f"{_header(block, 'status')} {_header(block, 'diagnostic-code')}".split())
        recipients = _recipients(block, "original-recipient", "final-recipient")
        yield StatusUpdate(
            status=ACTIONS.get(action),
            word=spoken(action),
            detail=scrub(told, *recipients),
            is_permanent=ACTIONS.get(action) == Status.FAILED and is_address_at_fault(told),
            recipient=next(iter(recipients), None),
        )


def _feedback(part: Message) -> Iterator[StatusUpdate]:
    for block in _blocks(part):
        kind = _header(block, "feedback-type").lower()
        if kind not in SAYS_NOTHING:
            recipients = _recipients(block, "original-rcpt-to", "removal-recipient")
            yield StatusUpdate(
                status=FEEDBACK.get(kind),
                word=spoken(kind),
                recipient=next(iter(recipients), None),
            )


def _plain(mail: Message) -> Iterator[StatusUpdate]:
    _, failed = all_failures(mail)
    if failed:
        told = _text(list(mail.walk()))
        yield StatusUpdate(
            status=Status.FAILED,
            detail=enhanced_code(told) or "returned by a mail server",
            is_permanent=is_address_at_fault(told),
            recipient=_address(next(iter(failed)).decode()) if len(failed) == 1 else None,
        )


def _named(report: StatusUpdate, own_id: str | None, event_id: str) -> StatusUpdate:
    """The report with what it is about: the message where that is known, else the recipient."""
    if own_id is not None:
        return replace(report, message_id=own_id, recipient=None, event_id=event_id)
    return replace(report, is_permanent=False, event_id=event_id)


def _arrived_at(mail: Message) -> str:
    return "\n".join(str(value) for name in ARRIVED_AT for value in mail.get_all(name, []))


def _returned_id(parts: Sequence[Message]) -> str | None:
    """The id in the headers of ours that were sent back, in a part of their own or in the text."""
    for part in parts[1:]:
        if part[ID_HEADER] and (own_id := read_id(_header(part, ID_HEADER))):
            return str(own_id)
    found = OWN_ID.search(_text(parts))
    return found[1].lower() if found else None


def _text(parts: Sequence[Message]) -> str:
    """What is written in the parts that are text, returned headers among it."""
    payloads = (part.get_payload(decode=True) for part in parts if _is_text(part))
    return "\n".join(each.decode("ascii", "replace") for each in payloads if type(each) is bytes)


def _is_text(part: Message) -> bool:
    return part.get_content_maintype() == "text" and not part.is_multipart()


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields in a report."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))
    elif isinstance(payload, str):
        yield message_from_string(payload)


def _header(part: Message, name: str) -> str:
    return str(part.get(name, "")).strip()


def _recipients(block: Message, *names: str) -> list[Personal]:
    """The addresses in these fields, such as `rfc822; jane@example.org`."""
    texts = (_header(block, name).rpartition(";")[2] for name in names)
    return [found for text in texts if (found := _address(text))]


def _address(text: str) -> Personal | None:
    try:
        return Personal(parse_address(text.strip().strip("<>")))
    except ValueError:
        return None
