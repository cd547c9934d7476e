"""Reports about messages that the gateway knows: recorded webhooks, and mails that came back.

Each is about a message of its own, and its reason names the recipient.
"""

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from gateways.models import Gateway
from messages_app.models import Message, SendAttempt, State
from tests.canaries.birds import EMAIL, address, telephone
from tests.disguises import ANY, OF_A_NUMBER, OF_AN_ADDRESS
from tests.factories import MessageFactory
from tests.gateways.providers import canaries as recorded_canaries
from tests.gateways.providers.webhooks import Sample
from users.models import EndUser

AT_ONCE = 4
"""Disguises in one reason: more would be cut off before they are looked at."""
BOUNCES = Path(__file__).parents[1] / "gateways" / "providers" / "bounces"
RETURNED = ("postfix_no_such_user", "exchange_mailbox_full", "complaint_abuse", "qmail")
DIAGNOSTIC = b"Diagnostic-Code: smtp;"


def disguises_of(number: int) -> Iterator[str]:
    """Of that person's addresses, without an end."""
    worn = [wear(address(number)) for wear in (OF_AN_ADDRESS | ANY).values()]
    worn += [wear(telephone(number)) for wear in (OF_A_NUMBER | ANY).values()]
    return cycle(worn)


def tried(gateway: Gateway, user: EndUser, callback_url: str, provider_id: str = "") -> Message:
    """A message that has left through the gateway."""
    message: Message = MessageFactory(
        label=gateway.label,
        gateway=gateway,
        channel=gateway.channel,
        end_user=user,
        callback_url=callback_url,
        state=State.SENT,
        attempts=1,
        due_at=None,
    )
    SendAttempt.objects.create(
        message=message,
        gateway=gateway,
        number=1,
        outcome="accepted",
        provider_id=provider_id,
        address_index=user.address_index(gateway.channel) or "",
        address_channel=gateway.channel,
        started_at=message.created_at,
        finished_at=message.created_at,
    )
    return message


def about(sample: Sample, message: Message, number: int, words: Iterator[str]) -> bytes:
    """The webhook's body as if it were about that message, to that person."""
    named = ", ".join(islice(words, AT_ONCE))
    body = sample.saying(f"(told by {named})") if sample.reason else sample.body
    return _about(body, message, number)


def provider_id_in(sample: Sample) -> str:
    return next((told["provider_id"] for told in sample.expected if "provider_id" in told), "")


def returned(name: str, message: Message, number: int) -> bytes:
    """The recorded mail as if it were about that message, to that person."""
    told = f"{DIAGNOSTIC.decode()} 550 5.1.1 User {EMAIL.spelled}.{number} not listed,"
    raw = (BOUNCES / f"{name}.eml").read_bytes().replace(DIAGNOSTIC, told.encode())
    return _about(raw, message, number)


def _about(told: bytes, message: Message, number: int) -> bytes:
    for old, new in (
        (recorded_canaries.MESSAGE_ID, str(message.pk)),
        (recorded_canaries.EMAIL, address(number)),
        (recorded_canaries.PHONE[1:], telephone(number)[1:]),
    ):
        told = told.replace(old.encode(), new.encode())
    return told
