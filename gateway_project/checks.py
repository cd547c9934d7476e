"""What the settings must be before anything starts. Values are never shown: they may be secrets."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from gateway_project.lib.crypto import KeyRing
from gateway_project.lib.egress import read_exceptions

HOW_TO_MAKE_TEXT = "Make one: openssl rand -hex 32"
HOW_TO_MAKE_KEYS = "As k1:<key>; make a key: openssl rand -base64 32"


@register
def secrets_are_given(**_: Any) -> Iterator[CheckMessage]:
    """Only the embedded default makes its own: several machines have to share theirs."""
    why = "must be set where DATABASE_URL names a database server."
    if settings.SECRET_KEY == settings.UNSET:
        yield Error(f"SECRET_KEY {why}", hint=HOW_TO_MAKE_TEXT, id="gatehouse.E001")
    if not settings.PII_KEYS:
        yield Error(f"PII_KEYS {why}", hint=HOW_TO_MAKE_KEYS, id="gatehouse.E002")
    if not settings.PII_INDEX_KEY:
        yield Error(f"PII_INDEX_KEY {why}", hint=HOW_TO_MAKE_TEXT, id="gatehouse.E003")


@register
def key_ring_can_be_read(**_: Any) -> Iterator[CheckMessage]:
    if not settings.PII_KEYS:
        return
    try:
        KeyRing.parse(settings.PII_KEYS)
    except ImproperlyConfigured as error:
        yield Error(str(error), hint=HOW_TO_MAKE_KEYS, id="gatehouse.E004")


@register
def egress_entries_can_be_read(**_: Any) -> Iterator[CheckMessage]:
    try:
        read_exceptions(tuple(settings.EGRESS_ALLOW))
    except ImproperlyConfigured as error:
        yield Error(
            str(error),
            hint="Like mail.internal or 10.0.0.0/8, separated by commas.",
            id="gatehouse.E005",
        )


@register
def public_url_can_be_used(**_: Any) -> Iterator[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        yield Error(
            "PUBLIC_URL is not an address that providers can call.",
            hint="Like https://gateway.example.com",
            id="gatehouse.E006",
        )


@register
def debug_stays_inside(**_: Any) -> Iterator[CheckMessage]:
    if settings.DEBUG and settings.PUBLIC_URL.startswith("https://"):
        yield Error(
            "DEBUG is on and PUBLIC_URL is https: error pages would show data to strangers.",
            hint="Set DEBUG=0.",
            id="gatehouse.E007",
        )


@register
def proxies_are_a_count(**_: Any) -> Iterator[CheckMessage]:
    if settings.TRUSTED_PROXIES < 0:
        yield Error(
            "TRUSTED_PROXIES is negative.",
            hint="How many proxies stand in front of the gateway: 0 for none.",
            id="gatehouse.E008",
        )


@register
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
