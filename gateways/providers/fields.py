"""The fields that a provider's Config form is made of, beyond Django's own."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from gateway_project.lib import egress
from gateway_project.lib.transport import EgressRefused

HEADER_NAME = RegexValidator(r"\A[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z", "A header name is not valid.")
HEADER_VALUE = RegexValidator(
    r"\A[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?\Z",
    "A header value may hold printable ASCII characters only.",
)
AUTHORITY_HELP = (
    "Only where the server's certificate is signed by an authority of your own: that authority's "
    "certificate in PEM. Then no other is trusted."
)
PRINTABLE = RegexValidator(r"\A[\x20-\x7e]*\Z", "Only printable ASCII characters are possible.")


class Secret:
    """Marks a field: never shown again, kept when the form leaves it empty, left out of exports."""


class Destination:
    """Marks a field that says whom the account's secrets are shown to.

    Secrets that were saved for one destination are not kept for another.
    """

    def destination(self, value: Any) -> object:
        """What two values have in common that lead to the same place; nothing, where to none."""
        return value


class HostField(Destination, forms.CharField):
    """The name or address of a server."""


class PortField(Destination, forms.IntegerField):
    """A port of that server."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=65535, **kwargs)


class SwitchField(forms.BooleanField):
    """On or off. Kept only where it is on, so that a new one changes no account that is there."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def clean(self, value: Any) -> bool | None:
        return super().clean(value) or None


class SecretField(Secret, forms.CharField):
    """A credential."""

    widget = forms.PasswordInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("strip", True)
        super().__init__(**kwargs)


class SecretHeadersField(Secret, forms.CharField):
    """HTTP headers as a mapping or as JSON: names and values, which may be credentials."""

    widget = forms.Textarea(attrs={"rows": 3})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return dict(value)
        text = super().to_python(value)
        try:
            return json.loads(text) if text else {}
        except (ValueError, RecursionError):
            raise ValidationError("A JSON object of header names and values is expected.") from None

    def validate(self, value: Any) -> None:
        texts = [*value, *value.values()] if isinstance(value, dict) else [None]
        if not all(isinstance(text, str) for text in texts):
            raise ValidationError("Header names and values as text are expected.")
        super().validate(value)

    def run_validators(self, value: Any) -> None:
        for name, content in value.items():
            HEADER_NAME(name)
            HEADER_VALUE(content)


class CertificateField(forms.CharField):
    """The authority that signs the certificate of a server inside the house, in PEM.

    Kept is the certificate alone, or several, without what stood around them.
    """

    widget = forms.Textarea(attrs={"rows": 4})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", "Certificate authority")
        kwargs.setdefault("help_text", AUTHORITY_HELP)
        super().__init__(max_length=65_536, **kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if "PRIVATE KEY" in text:
            raise ValidationError("This holds a private key: paste the certificate alone.")
        return "".join(_pem(each) for each in _certificates(text)) if text else ""


def _certificates(text: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise ValidationError(
            "A certificate in PEM is expected: -----BEGIN CERTIFICATE----- and what follows."
        ) from None


def _pem(certificate: x509.Certificate) -> str:
    if certificate.not_valid_after_utc <= datetime.now(UTC):
        raise ValidationError("The certificate has expired: paste the one in force.")
    return certificate.public_bytes(Encoding.PEM).decode()


class HttpUrlField(Destination, forms.CharField):
    """An https URL, also of a host with a single-label name, without user or fragment.

    Plain http, which shows credentials to the way, is for hosts inside the house only.
    """

    def destination(self, value: Any) -> object:
        """The scheme, host and port: what is below them belongs to the same owner."""
        parts = urlsplit(value)
        return parts.scheme, parts.hostname, parts.port

    def validate(self, value: Any) -> None:
        super().validate(value)
        if not value:
            return
        if not _is_http_url(value):
            raise ValidationError("A URL such as https://host/path is expected.")
        parts = urlsplit(value)
        try:
            egress.check_url_host(parts.hostname or "")
        except EgressRefused:
            raise ValidationError("The host is not one to call: see EGRESS_ALLOW.") from None
        if parts.scheme == "http" and not egress.is_inside(parts.hostname or ""):
            raise ValidationError("Plain http is for hosts in EGRESS_ALLOW only: use https.")


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and not set(text) & set(' \\"<>')
    bare = not (parts.username or parts.password or parts.fragment)
    return plain and named and bare and parts.scheme in ("http", "https")
