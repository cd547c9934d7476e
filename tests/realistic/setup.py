"""What has happened to the set-up since it was made: its age, and its present trouble."""

import random
from datetime import datetime, timedelta

from gateway_project.lib.vocabulary import Channel, KeyKind, Status
from gateways import drafts
from gateways.models import Contact, Gateway, Key, Label
from gateways.models.key import secret_digest
from messages_app.models import InboxEntry, Wait

PAUSED_GATEWAY = "sms-marbleday"
PAUSED_FOR = timedelta(hours=2, minutes=20)
SUSPENDED_LABEL = "quillmoor"
SUSPENDED_FOR = timedelta(minutes=95)
ENDING_KEY = "realistic-key-that-ends-this-week"
AGE = timedelta(days=92)


def age(now: datetime) -> None:
    """Nothing was made today, and the keys are in use."""
    Key.objects.create(
        label=Label.objects.get(slug="bluefinch"),
        kind=KeyKind.SMARTICO,
        digest=secret_digest("realistic-key-of-last-spring"),
        revoked_at=now - timedelta(days=30),
    )
    for rows in (Label, Gateway, Key):
        rows.objects.update(created_at=now - AGE)
    Key.objects.filter(revoked_at=None).update(last_used_at=now - timedelta(seconds=41))
    Key.objects.filter(digest=secret_digest(ENDING_KEY)).update(expires_at=now + timedelta(days=4))


def bring_trouble(now: datetime) -> None:
    """A gateway whose account is at fault, and a label that Smartico turns away."""
    Gateway.objects.filter(slug=PAUSED_GATEWAY).update(
        is_paused=True, paused_because="HTTP 401, code 7001: the service key is not valid"
    )
    Label.objects.filter(slug=SUSPENDED_LABEL).update(
        callbacks_suspended_at=now - SUSPENDED_FOR,
        callbacks_suspended_because="the api_key was turned away with HTTP 401",
    )


def add_contacts(now: datetime) -> None:
    """When each gateway and its provider last heard of each other."""
    Contact.objects.bulk_create(
        _contact(gateway, now) for gateway in Gateway.objects.filter(is_active=True)
    )


def _contact(gateway: Gateway, now: datetime) -> Contact:
    is_fine = gateway.slug != PAUSED_GATEWAY
    found = "The account answers." if is_fine else "HTTP 401: the service key is not valid"
    is_told = gateway.channel != Channel.EMAIL
    return Contact(
        gateway=gateway,
        probed_at=now - AGE if is_told else None,
        webhook_at=now - timedelta(minutes=3) if is_told and is_fine else None,
        checked_at=now - timedelta(hours=20),
        is_connected=is_fine,
        finding=found,
    )


def begin_gateway() -> None:
    """A wizard that somebody has gone through up to its last page."""
    label = Label.objects.get(slug="bluefinch")
    draft = drafts.begin(label, channel=Channel.SMS, provider="webex_connect")
    draft.name, draft.filters = "SMS Poland", {"country": ["PL"]}
    draft.config = {"base_url": "https://api.imiconnect.example", "service_key": "x"}
    draft.from_default, draft.from_allowed = "Bluefinch", ["Bluefinch", "BlueVIP"]
    draft.save()


WORDS = ("carrier_pending", "queued_at_smsc", "filtered_by_operator", "seen")


def add_inbox(rng: random.Random, now: datetime) -> None:
    """Reports that wait for a mapping or for their message."""
    gateways = list(Gateway.objects.filter(provider="webex_connect", is_active=True))
    entries = [_entry(rng, rng.choice(gateways), number, now) for number in range(14)]
    InboxEntry.objects.bulk_create(entries)


def _entry(rng: random.Random, gateway: Gateway, number: int, now: datetime) -> InboxEntry:
    is_unmapped = number < 9
    received_at = now - timedelta(hours=30) * rng.random()
    return InboxEntry(
        gateway=gateway,
        waits_for=Wait.A_MAPPING if is_unmapped else Wait.ITS_MESSAGE,
        provider_id=f"{rng.getrandbits(80):020x}",
        status="" if is_unmapped else Status.DELIVERED,
        word=rng.choice(WORDS) if is_unmapped else "",
        meaning=f"{rng.getrandbits(256):064x}",
        occurred_at=received_at,
        received_at=received_at,
        due_at=None if is_unmapped else now + timedelta(minutes=4),
    )
