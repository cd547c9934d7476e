"""Where a label's users are: what each kind of directory is told, declared as a form.

`stored` needs nothing, and is kept as no settings at all.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from gateways.providers.base import SecretField
from gateways.providers.fields import CertificateField, HttpUrlField, SecretHeadersField
from gateways.providers.lookups import PathField

STORED = "stored"
PLACEHOLDER = "{ext_user_id}"
PARAMETER = re.compile(r"(?<![:\w]):ext_user_id\b")
SERVERS = ("postgres", "postgresql")
TTL_SECONDS = 900


class LookUpUrlField(HttpUrlField):
    """A URL in whose path or query the user's id may stand."""

    def destination(self, value: Any) -> object:
        return super().destination(value.replace(PLACEHOLDER, "x"))

    def validate(self, value: Any) -> None:
        super().validate(value.replace(PLACEHOLDER, "x"))
        if PLACEHOLDER in value.partition("://")[2].partition("/")[0].partition("?")[0]:
            raise ValidationError(
                f"{PLACEHOLDER} stands in the path or the query, not in the host."
            )


class DsnField(SecretField):
    """`postgres://user:password@host/name`, or `sqlite:///path` for a file."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        scheme = urlsplit(value).scheme
        if scheme not in (*SERVERS, "sqlite"):
            raise ValidationError(
                "postgres://user:password@host/name or sqlite:///path is expected."
            )


class QueryField(forms.CharField):
    """One SELECT with the parameter `:ext_user_id`."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if not re.match(r"\s*(?:select|with)\b", value, re.IGNORECASE):
            raise ValidationError("A SELECT is expected.")
        if ";" in value.rstrip().rstrip(";"):
            raise ValidationError("One statement is expected, without a semicolon in it.")
        if not PARAMETER.search(value):
            raise ValidationError("The parameter :ext_user_id is missing.")


def _ttl() -> forms.IntegerField:
    return forms.IntegerField(min_value=30, max_value=86_400, initial=TTL_SECONDS, required=False)


class HttpDirectoryForm(forms.Form):
    """The platform's own endpoint. A POST carries `{"ext_user_id": ...}`."""

    url = LookUpUrlField(max_length=2_000)
    method = forms.ChoiceField(choices=[("GET", "GET"), ("POST", "POST")], initial="GET")
    authorization = SecretField(required=False, max_length=4_096)
    headers = SecretHeadersField(required=False)
    email_at = PathField(initial="email")
    phone_at = PathField(initial="phone")
    brand_at = PathField(initial="brand")
    properties_at = PathField(initial="properties")
    authority = CertificateField()
    ttl_seconds = _ttl()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("method") == "GET" and PLACEHOLDER not in cleaned.get("url", PLACEHOLDER):
            self.add_error("url", f"With GET, {PLACEHOLDER} has to stand in it.")
        return cleaned


class SqlDirectoryForm(forms.Form):
    """A query on another database. Columns email, phone and brand; all others are properties."""

    dsn = DsnField(max_length=2_000)
    query = QueryField(max_length=10_000)
    ttl_seconds = _ttl()


class HttpDirectoryKind:
    """Holds its form as a provider does, so that it is validated and masked like one."""

    Config = HttpDirectoryForm


class SqlDirectoryKind:
    Config = SqlDirectoryForm


KINDS: Mapping[str, Any] = {"http": HttpDirectoryKind, "sql": SqlDirectoryKind}
