"""How each gateway stands: in use, let in by its provider, and told what became of messages."""

from collections.abc import Iterator
from datetime import datetime

from callbacks.models import Mailbox
from gateway_project.operations.doctor.ages import ago
from gateway_project.operations.doctor.deliveries import undelivered
from gateway_project.operations.doctor.findings import About, Finding, at_most_yellow
from gateway_project.operations.doctor.relays import relays
from gateways import breakers
from gateways.models import Breaker, Contact, Gateway
from gateways.models.gateway import is_readable
from gateways.providers.base import InstantProvider, Provider
from gateways.providers.registry import provider_class

CREDENTIALS, WEBHOOK, MAILBOX = "Credentials", "Webhook", "Mailbox"


def gateway(row: Gateway, contact: Contact | None, now: datetime) -> Iterator[Finding]:
    """All there is to say about one gateway. Of one that is not used yet, nothing is red."""
    about = About(f"{row.name}, {row.get_channel_display()}")
    if row.is_draft:
        yield about.note("In use", "a draft: its wizard is not finished")
        return
    yield in_use(about, row)
    known = contact or Contact(gateway=row)
    findings = [credentials(about, known, now), webhook(about, row, known, now)]
    box = Mailbox.objects.filter(gateway=row).first()
    if box is not None:
        findings.append(mailbox(about, box, now))
    findings += relays(about, row, now)
    for finding in findings:
        yield finding if row.is_active else at_most_yellow(finding)


def in_use(about: About, row: Gateway) -> Finding:
    if row.is_paused:
        reason = row.paused_because or "by hand"
        return about.problem(
            "In use",
            f"paused, its messages are held: {reason}",
            "Mend what it says, check the connection, then resume the gateway.",
        )
    if not row.is_active:
        return about.note("In use", "not active: no message takes it")
    if not is_readable(row):
        return about.problem(
            "In use",
            "its configuration cannot be decrypted: nothing is sent",
            "Give PII_KEYS the key it was sealed with, or type the configuration anew.",
        )
    breaker = Breaker.objects.filter(gateway=row, opened_at__isnull=False).first()
    if breaker is not None:
        return about.problem(
            "In use",
            f"its provider does not answer: {breaker.reason}",
            "It is tried again by itself. Ask the provider, or activate another gateway that fits.",
        )
    if breakers.is_held(row.pk):
        return about.attention(
            "In use",
            "its provider has asked for a rest; its messages take others that fit, or wait",
            "It goes on by itself. Where it comes often, set rate_per_second to what is allowed.",
        )
    return about.good("In use", "active")


def credentials(about: About, contact: Contact, now: datetime) -> Finding:
    """What the last connection check found."""
    if contact.checked_at is None:
        return about.attention(CREDENTIALS, "not checked yet", "Check now.")
    found = f"{contact.finding or 'no words'} (checked {ago(contact.checked_at, now)})"
    if contact.is_connected:
        return about.good(CREDENTIALS, found)
    return about.problem(CREDENTIALS, found, "Correct Authentication & Configuration.")


def mailbox(about: About, box: Mailbox, now: datetime) -> Finding:
    """Whether the mailbox that its bounces come to can be read."""
    if box.problem:
        return about.problem(
            MAILBOX, box.problem, "Correct the mailbox in Authentication & Configuration."
        )
    if box.read_at is None:
        return about.attention(MAILBOX, "not read yet", "See that a worker runs.")
    return about.good(MAILBOX, f"read {ago(box.read_at, now)}")


def webhook(about: About, row: Gateway, contact: Contact, now: datetime) -> Finding:
    """Whether the provider has told us anything."""
    try:
        provider = provider_class(row.provider)
    except LookupError:
        return about.problem(
            WEBHOOK, f"there is no provider {row.provider}", "Name it in the setting PROVIDERS."
        )
    if not tells_by_webhook(provider):
        return about.note(WEBHOOK, f"{provider.title} sends none")
    refused, taken = contact.refused_at, contact.webhook_at
    if refused is not None and (taken is None or refused > taken):
        return about.problem(
            WEBHOOK,
            f"its sender did not prove itself, {ago(refused, now)}",
            "Compare the webhook's secret here and at the provider.",
        )
    if count := undelivered(row, now):
        return about.problem(
            WEBHOOK,
            f"it has taken {count:,} messages and told of no delivery since",
            "See that our webhook URL stands in the provider's back office, with deliveries among "
            "what is told, then send a test.",
        )
    if taken is not None:
        return about.good(WEBHOOK, f"taken {ago(taken, now)}")
    probed = f"; the URL was probed {ago(contact.probed_at, now)}" if contact.probed_at else ""
    return about.attention(
        WEBHOOK,
        f"none has come yet{probed}",
        "Paste our webhook URL into the provider's back office, then send a test.",
    )


def tells_by_webhook(provider: type[Provider]) -> bool:
    """Not where the provider sends none, nor where it stands inside this process."""
    return provider.sends_webhooks() and not issubclass(provider, InstantProvider)
