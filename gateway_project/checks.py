"""What the settings must be before anything starts. Values are never shown: they may be secrets."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils.module_loading import import_string
from kombu.transport import TRANSPORT_ALIASES

from gateway_project.lib.crypto import KeyRing
from gateway_project.lib.egress import read_exceptions
from gateway_project.lib.observing import not_installed
from gateway_project.operations.alerts.ways import mail_settings
from gateways.key_usage import Fault, misfits

SETTINGS = "gatehouse_settings"
"""The tag of these checks: all that a worker needs, for the others import the whole back office."""
HOW_TO_MAKE_TEXT = "Make one: openssl rand -hex 32"
SHORTEST_TOKEN = 16
SHORTEST_LEASE = 5
HOW_TO_MAKE_KEYS = "As k1:<key>; make a key: openssl rand -base64 32"
MISFITS = {
    Fault.MISSING: (
        "PII_KEYS lacks {}, which data are sealed with: they could not be read.",
        "Put it back, behind the first key; rotate_keys says when it may go. Where it is lost for "
        "good: docs/keys.md",
        "gatehouse.E013",
    ),
    Fault.ANOTHER: (
        "The {} of PII_KEYS is not the key that data were sealed with under this id.",
        "Give the key that belongs to this database, as its backup says; give a new key a new id.",
        "gatehouse.E014",
    ),
    Fault.ANOTHER_INDEX_KEY: (
        "PII_INDEX_KEY is not the key that the blind indexes and digests of this database were "
        "made with: nobody and nothing would be found.",
        "Give the key that belongs to this database, as its backup says.",
        "gatehouse.E015",
    ),
}


@register(SETTINGS)
def secrets_are_given(**_: Any) -> Iterator[CheckMessage]:
    """Only the embedded default makes its own: several machines have to share theirs."""
    why = "must be set where DATABASE_URL names a database server."
    if settings.SECRET_KEY == settings.UNSET:
        yield Error(f"SECRET_KEY {why}", hint=HOW_TO_MAKE_TEXT, id="gatehouse.E001")
    if not settings.PII_KEYS:
        yield Error(f"PII_KEYS {why}", hint=HOW_TO_MAKE_KEYS, id="gatehouse.E002")
    if not settings.PII_INDEX_KEY:
        yield Error(f"PII_INDEX_KEY {why}", hint=HOW_TO_MAKE_TEXT, id="gatehouse.E003")


@register(SETTINGS)
def key_ring_can_be_read(**_: Any) -> Iterator[CheckMessage]:
    if not settings.PII_KEYS:
        return
    try:
        KeyRing.parse(settings.PII_KEYS)
    except ImproperlyConfigured as error:
        yield Error(str(error), hint=HOW_TO_MAKE_KEYS, id="gatehouse.E004")


@register(SETTINGS)
def keys_in_use_are_given(**_: Any) -> Iterator[CheckMessage]:
    """Where the database cannot be asked yet, the command itself says so."""
    if not settings.PII_INDEX_KEY:
        return
    try:
        found = list(misfits())
    except (DatabaseError, ImproperlyConfigured):
        return
    for misfit in found:
        text, hint, check_id = MISFITS[misfit.fault]
        yield Error(text.format(misfit.key_id), hint=hint, id=check_id)


def refuse_wrong_keys() -> None:
    """For a process that no command has started. Raises ImproperlyConfigured."""
    for problem in keys_in_use_are_given():
        raise ImproperlyConfigured(f"({problem.id}) {problem.msg}\n\tHINT: {problem.hint}")


@register(SETTINGS)
def egress_entries_can_be_read(**_: Any) -> Iterator[CheckMessage]:
    try:
        read_exceptions(tuple(settings.EGRESS_ALLOW))
    except ImproperlyConfigured as error:
        yield Error(
            str(error),
            hint="Like mail.internal or 10.0.0.0/8, separated by commas.",
            id="gatehouse.E005",
        )


@register(SETTINGS)
def metrics_are_closed_to_strangers(**_: Any) -> Iterator[CheckMessage]:
    try:
        for network in settings.METRICS_ALLOW:
            ip_network(network, strict=False)
    except ValueError:
        yield Error(
            "METRICS_ALLOW holds something that is neither an address nor a network.",
            hint="Like 127.0.0.0/8,10.1.0.0/16",
            id="gatehouse.E016",
        )
    if 0 < len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield Error(
            f"METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters: it could be guessed.",
            hint=HOW_TO_MAKE_TEXT,
            id="gatehouse.E017",
        )


@register(SETTINGS)
def alerts_can_be_mailed(**_: Any) -> Iterator[CheckMessage]:
    if not settings.ALERTS_EMAIL_URL:
        return
    try:
        mail_settings()
    except ValueError:
        yield Error(
            "ALERTS_EMAIL_URL or ALERTS_FROM cannot be used.",
            hint="Like smtp://user:password@mail.example.com:587, smtps:// for TLS from the "
            "start; and Gatehouse <gatehouse@example.com>",
            id="gatehouse.E018",
        )


@register(SETTINGS)
def what_is_observed_is_installed(**_: Any) -> Iterator[CheckMessage]:
    for name in not_installed():
        yield Error(
            f"{name} is set, and its package is not installed.",
            hint="docs/observability.md says which; or leave the setting out.",
            id="gatehouse.E019",
        )


@register(SETTINGS)
def public_url_can_be_used(**_: Any) -> Iterator[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        yield Error(
            "PUBLIC_URL is not an address that providers can call.",
            hint="Like https://gateway.example.com",
            id="gatehouse.E006",
        )


@register(SETTINGS)
def debug_stays_inside(**_: Any) -> Iterator[CheckMessage]:
    if settings.DEBUG and settings.PUBLIC_URL.startswith("https://"):
        yield Error(
            "DEBUG is on and PUBLIC_URL is https: error pages would show data to strangers.",
            hint="Set DEBUG=0.",
            id="gatehouse.E007",
        )


@register(SETTINGS)
def proxies_are_a_count(**_: Any) -> Iterator[CheckMessage]:
    if settings.TRUSTED_PROXIES < 0:
        yield Error(
            "TRUSTED_PROXIES is negative.",
            hint="How many proxies stand in front of the gateway: 0 for none.",
            id="gatehouse.E008",
        )


@register(SETTINGS)
def broker_is_of_a_known_kind(**_: Any) -> Iterator[CheckMessage]:
    urls = settings.BROKER_URL.split(";") if settings.BROKER_URL else ()
    kinds = {url.partition("://")[0].partition("+")[0] for url in urls}
    if kinds - TRANSPORT_ALIASES.keys():
        yield Error(
            "BROKER_URL does not begin like the URL of a broker.",
            hint="Like redis://127.0.0.1:6379/0 or amqp://user:password@127.0.0.1:5672//",
            id="gatehouse.E021",
        )


@register(SETTINGS)
def leases_outlast_a_breath(**_: Any) -> Iterator[CheckMessage]:
    if settings.LEASE_SECONDS < SHORTEST_LEASE:
        yield Error(
            "LEASE_SECONDS is too few: a worker that is only busy would be taken for lost.",
            hint=f"{SHORTEST_LEASE} or more; 60 is usual.",
            id="gatehouse.E020",
        )


@register(SETTINGS)
def providers_can_be_imported(**_: Any) -> Iterator[CheckMessage]:
    for path in settings.PROVIDERS:
        try:
            import_string(path)
        except ImportError as error:
            yield Error(
                f"PROVIDERS names {path}, which cannot be imported: {error}",
                hint="One dotted path per provider class.",
                id="gatehouse.E009",
            )
