"""The kinds of fields that the services' settings are drawn with."""

import re

from django import forms
from django.core.validators import RegexValidator

from gateways.providers.base import SecretField
from gateways.providers.fields import PRINTABLE, HttpUrlField

NAME = RegexValidator(r"\A[\w.-]+\Z", "Letters, digits, dots and dashes are expected.", flags=re.A)
NO_SIGNATURE = "Empty: the token in the webhook URL is the credential."


def secret(label: str, help_text: str = "") -> forms.Field:
    return SecretField(label=label, help_text=help_text, validators=[PRINTABLE])


def name(label: str, help_text: str = "", *, required: bool = True) -> forms.Field:
    """A word that goes into URLs."""
    return forms.CharField(
        label=label, help_text=help_text, required=required, validators=[PRINTABLE, NAME]
    )


def api_url(usual: str) -> forms.Field:
    return HttpUrlField(required=False, label="API URL", help_text=f"Empty: {usual}")


def own_api_url(example: str) -> forms.Field:
    return HttpUrlField(label="API URL", help_text=f"For example {example}")


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
        validators=[PRINTABLE],
    )


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
            label="Webhook password", required=False, validators=[PRINTABLE]
        ),
    }
