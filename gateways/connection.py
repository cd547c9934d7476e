"""Connection checks: what an adapter finds, without a secret in it, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway_project.lib.clock import database_now
from gateway_project.lib.conversations import within
from gateway_project.lib.redaction import scrub
from gateways.models import Contact
from gateways.models.contact import FINDING_LENGTH
from gateways.providers.base import CHECK_IN_ALL_SECONDS, Provider
from gateways.providers.errors import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
)
from gateways.providers.registry import secret_values

ADVICE: Mapping[type[ProviderError], str] = {
    GatewayMisconfigured: "Compare the URL and the credentials with what the provider shows.",
    GatewayUnavailable: "Look whether host and port are right and may be reached from here, "
    "or try again later.",
    MessageRejected: "Compare the configuration with what the provider shows.",
    OutcomeUnknown: "Look whether the URL is the provider's, then try again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found. `advice` says what to do where it is not connected."""

    is_connected: bool
    text: str
    advice: str = ""


def check(provider: Provider) -> Finding:
    """Tries the connection; sends nothing to anybody. Takes seconds where nobody answers."""
    try:
        with within(CHECK_IN_ALL_SECONDS):
            words = provider.check_connection()
    except ProviderError as problem:
        advice = ADVICE.get(type(problem), ADVICE[GatewayMisconfigured])
        return Finding(is_connected=False, text=_told(provider, problem.detail), advice=advice)
    return Finding(is_connected=True, text=_told(provider, words))


def keep(gateway_id: int, finding: Finding) -> None:
    """Writes down what a check of the saved configuration found."""
    Contact.objects.update_or_create(
        gateway_id=gateway_id,
        defaults={
            "checked_at": database_now(),
            "is_connected": finding.is_connected,
            "finding": finding.text,
        },
    )


def _told(provider: Provider, words: str) -> str:
    return scrub(words, *secret_values(provider), kept=FINDING_LENGTH)
