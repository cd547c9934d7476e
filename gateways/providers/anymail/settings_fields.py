"""The kinds of fields that the services' settings are drawn with."""

import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from gateways.providers.base import SecretField
from gateways.providers.base_urls import BaseUrlField
from gateways.providers.fields import PRINTABLE

NAME = RegexValidator(r"\A[\w.-]+\Z", "Letters, digits, dots and dashes are expected.", flags=re.A)
NO_SIGNATURE = "Empty: the token in the webhook URL is the credential."
KEY_HELP = "As the service shows it; often once only."


def secret(label: str, help_text: str = KEY_HELP) -> forms.Field:
    return SecretField(label=label, help_text=help_text, validators=[PRINTABLE])


def name(label: str, help_text: str = "", *, required: bool = True) -> forms.Field:
    """A word that goes into URLs."""
    return forms.CharField(
        label=label, help_text=help_text, required=required, validators=[PRINTABLE, NAME]
    )


def api_url(usual: str, *, adds: str) -> forms.Field:
    """`adds` is the path that messages are posted to below it."""
    return BaseUrlField(adds=(adds,), required=False, label="API URL", help_text=f"Empty: {usual}")


def own_api_url(example: str, *, adds: str) -> forms.Field:
    return BaseUrlField(adds=(adds,), label="API URL", help_text=f"For example {example}")


def signing_key(label: str, help_text: str) -> forms.Field:
    return SecretField(
        label=label,
        required=False,
        help_text=f"{help_text} {NO_SIGNATURE}",
        validators=[PRINTABLE],
    )


def public_key(help_text: str) -> forms.Field:
    """Base64 of a public key, without the lines that begin and end a PEM file."""
    return forms.CharField(
        label="Webhook public key",
        required=False,
        help_text=f"{help_text} {NO_SIGNATURE}",
        validators=[PRINTABLE, _check_public_key],
    )


def _check_public_key(text: str) -> None:
    pem = f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----"
    try:
        load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        problem = "A public key in Base64 is expected, as the service shows it."
    else:
        return
    raise ValidationError(problem)


def basic_auth() -> dict[str, forms.Field]:
    """A user and a password that the service shows when it calls us."""
    return {
        "webhook_user": forms.CharField(
            label="Webhook user",
            required=False,
            validators=[RegexValidator(r"\A[^:]*\Z", "A colon is not possible."), PRINTABLE],
            help_text=f"Where the webhook's URL holds a user and password. {NO_SIGNATURE}",
        ),
        "webhook_password": SecretField(
            label="Webhook password",
            required=False,
            validators=[PRINTABLE],
            help_text="Any secret of your own: it stands in that URL, too.",
        ),
    }
