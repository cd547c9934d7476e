"""What an operator fills in for an HTTP API of their own."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from gateway_project.lib.transport import FRAMING_HEADERS
from gateway_project.lib.vocabulary import Status
from gateways.providers.fields import (
    HEADER_NAME,
    PRINTABLE,
    CertificateField,
    HttpUrlField,
    SecretField,
    SecretHeadersField,
)
from gateways.providers.lookups import PathField
from gateways.providers.placeholders import PLACEHOLDER, problem_in
from gateways.providers.proofs import (
    BASIC,
    NEEDS_HEADER,
    PROOFS,
    STANDARD,
    TOKEN,
    is_standard_secret,
)
from gateways.providers.tables import JsonTemplateField, TableField, WordsField

IGNORE = "ignore"
PROBLEMS = ("reject", "later", "misconfigured", "unknown")
RANGES = re.compile(r"\s*[1-5]\d\d(\s*-\s*[1-5]\d\d)?(\s*,\s*[1-5]\d\d(\s*-\s*[1-5]\d\d)?)*\s*")
SECRET_OF = {
    "none": (),
    "header": ("auth_header", "secret"),
    "basic": ("username", "secret"),
    "bearer": ("secret",),
}
AUTHS = {
    "none": "None",
    "header": "A header of its own",
    "basic": "User name and password (Basic)",
    "bearer": "Bearer token",
}


class UrlTemplateField(HttpUrlField):
    """A URL in whose path and query placeholders may stand, and never in its host."""

    def destination(self, value: Any) -> object:
        return super().destination(_plain(value))

    def validate(self, value: Any) -> None:
        if problem := problem_in(value):
            raise ValidationError(problem)
        super().validate(_plain(value))
        if "{{" in value.split("?")[0].partition("://")[2].partition("/")[0]:
            raise ValidationError("Placeholders stand in the path or the query, not in the host.")


def _plain(url: str) -> str:
    return PLACEHOLDER.sub("x", url)


def _header_field(help_text: str, label: str) -> forms.CharField:
    return forms.CharField(
        required=False, max_length=100, validators=[HEADER_NAME], help_text=help_text, label=label
    )


class HttpApiForm(forms.Form):
    """Authentication & Configuration of an HTTP API of one's own."""

    method = forms.ChoiceField(choices=[(each, each) for each in ("POST", "PUT", "GET")])
    url = UrlTemplateField(
        label="URL",
        help_text="Of the call that sends one message. Placeholders may stand in its path and "
        "query: https://api.example.com/send?to={{ recipient.digits }}",
    )
    auth = forms.ChoiceField(label="Authentication", choices=list(AUTHS.items()))
    auth_header = _header_field(
        "Where it is a header of its own: its name.", "Authentication header"
    )
    username = forms.CharField(required=False, max_length=200, validators=[PRINTABLE])
    secret = SecretField(
        required=False,
        validators=[PRINTABLE],
        help_text="The value of the header, the password, or the bearer token.",
    )
    headers = SecretHeadersField(
        required=False, help_text='Further headers: {"X-Tenant": "amazing"}.'
    )
    authority = CertificateField()
    body_kind = forms.ChoiceField(
        label="Body", choices=[("json", "JSON"), ("form", "Form-encoded"), ("none", "None")]
    )
    body = JsonTemplateField(
        label="Body template",
        help_text='A JSON document with placeholders: {"to": "{{ recipient }}", '
        '"text": "{{ message.text }}", "ref": "{{ message.id }}"}. For a form: one object.',
    )
    address_from = forms.ChoiceField(
        required=False,
        label="Custom IM goes to",
        choices=[("", "The user, by ext_user_id"), ("email", "E-mail"), ("sms", "Phone number")],
        help_text="Whose address recipient is on the Custom IM channel.",
    )
    success_statuses = forms.CharField(
        label="HTTP statuses of a yes",
        max_length=100,
        initial="200-299",
        help_text="200-299, or single ones: 200, 202.",
    )
    success_path = PathField(
        label="Value that says yes",
        help_text="JMESPath into the JSON answer; empty: the HTTP status decides.",
    )
    success_values = WordsField(
        label="Its values for a yes", help_text="One on each line, such as ok."
    )
    id_path = PathField(
        label="Their id of the message", help_text="JMESPath into the answer: data.message_id"
    )
    id_header = _header_field(
        "Instead of it: the answer's header with their id.", "Header with their id"
    )
    error_path = PathField(
        label="Error code", help_text="JMESPath into the answer: error.code. For the table below."
    )
    errors_table = TableField(
        label="What errors mean",
        meanings=PROBLEMS,
        help_text="One on each line: INVALID_NUMBER = reject, or by status, HTTP 409 = later. "
        "Meanings: reject, later, misconfigured, unknown.",
    )
    is_idempotent = forms.BooleanField(
        required=False,
        label="A repeat is not sent twice",
        help_text="On only if the API sends a message once however often its id comes.",
    )
    idempotency_header = _header_field(
        "The header for our message id, such as Idempotency-Key.", "Idempotency header"
    )
    webhook_proof = forms.ChoiceField(
        label="Webhooks prove themselves by", choices=list(PROOFS.items())
    )
    webhook_header = _header_field("The header with the secret or the signature.", "Webhook header")
    webhook_username = forms.CharField(required=False, max_length=200, validators=[PRINTABLE])
    webhook_secret = SecretField(required=False, validators=[PRINTABLE])
    reports_path = PathField(
        label="List of reports", help_text="JMESPath into a webhook; empty: the body itself."
    )
    message_id_path = PathField(
        label="Our id", help_text="Within a report: where our message.id comes back."
    )
    provider_id_path = PathField(label="Their id", help_text="Where their id of the message is.")
    status_path = PathField(label="Status", help_text="Where the status word is.")
    time_path = PathField(
        label="Time", help_text="ISO 8601, or Unix seconds or milliseconds. Empty: on arrival."
    )
    reason_path = PathField(label="Reason", help_text="Where a failure is explained.")
    recipient_path = PathField(
        label="Recipient", help_text="Only where a report names the message by its address alone."
    )
    statuses = TableField(
        label="What status words mean",
        meanings=(*(status.value for status in Status), IGNORE),
        help_text="One on each line: DELIVRD = delivered, SENT = ignore. "
        "Empty: they are Smartico's own eight.",
    )
    challenge_parameter = forms.CharField(
        required=False,
        max_length=100,
        help_text="Where the API first asks by GET: the parameter to echo, such as hub.challenge.",
    )
    challenge_token_parameter = forms.CharField(
        required=False,
        max_length=100,
        help_text="Where it shows a token: hub.verify_token.",
    )
    challenge_token = SecretField(required=False, validators=[PRINTABLE])

    def clean_success_statuses(self) -> str:
        text: str = self.cleaned_data["success_statuses"]
        if not RANGES.fullmatch(text):
            raise ValidationError("Write it as 200-299, or 200, 202.")
        return text

    def clean(self) -> None:
        if not self.errors:
            for problem in list(self._problems()):
                self.add_error(*problem)

    def _problems(self) -> Iterable[tuple[str, str]]:
        yield from self._authentication()
        yield from self._content()
        yield from self._answer()
        yield from self._webhooks()

    def _authentication(self) -> Iterable[tuple[str, str]]:
        auth = self.cleaned_data["auth"]
        yield from self._missing(*SECRET_OF[auth], because="for this authentication")
        ours = {"basic": "Authorization", "bearer": "Authorization"}.get(
            auth, self.cleaned_data["auth_header"] if auth == "header" else ""
        )
        set_by_us = {
            *FRAMING_HEADERS,
            "content-type",
            ours.lower(),
            self.cleaned_data["idempotency_header"].lower(),
        }
        if any(name.lower() in set_by_us for name in self.cleaned_data["headers"]):
            yield "headers", "One of them is set by the gateway itself: leave it out."
        for name in ("auth_header", "idempotency_header"):
            if self.cleaned_data[name].lower() in FRAMING_HEADERS | {"content-type"}:
                yield name, "This header is set by the gateway itself."

    def _content(self) -> Iterable[tuple[str, str]]:
        kind, body = self.cleaned_data["body_kind"], self.cleaned_data["body"]
        if kind == "none":
            return
        if self.cleaned_data["method"] == "GET":
            yield "body_kind", "A GET has no body: put placeholders into the URL, and choose None."
        yield from self._missing("body", because="for this kind of body")
        if kind == "form" and body and not _is_flat(body):
            yield "body", 'For a form one object of texts is expected: {"to": "{{ recipient }}"}.'

    def _answer(self) -> Iterable[tuple[str, str]]:
        if self.cleaned_data["success_path"]:
            yield from self._missing("success_values", because="for the value that says yes")
        if self.cleaned_data["id_path"] and self.cleaned_data["id_header"]:
            yield "id_header", "Their id stands either in the answer's JSON or in a header."
        words = self.cleaned_data["errors_table"]
        if any(not _is_status(word) for word in words):
            yield from self._missing("error_path", because="for words in the table of errors")

    def _webhooks(self) -> Iterable[tuple[str, str]]:
        proof, secret = self.cleaned_data["webhook_proof"], self.cleaned_data["webhook_secret"]
        if proof != TOKEN:
            yield from self._missing("webhook_secret", because="for this proof")
        if proof in NEEDS_HEADER:
            yield from self._missing("webhook_header", because="for this proof")
        if proof == BASIC:
            yield from self._missing("webhook_username", because="for this proof")
        if proof == STANDARD and secret and not is_standard_secret(secret):
            yield "webhook_secret", "A secret of Standard Webhooks is Base64, often after whsec_."
        if self.cleaned_data["status_path"] and not any(
            self.cleaned_data[name]
            for name in ("message_id_path", "provider_id_path", "recipient_path")
        ):
            yield "message_id_path", "Say where a report names its message: our id or theirs."
        if self.cleaned_data["challenge_token_parameter"]:
            yield from self._missing("challenge_token", because="for its parameter")

    def _missing(self, *names: str, because: str) -> Iterable[tuple[str, str]]:
        for name in names:
            if not self.cleaned_data[name]:
                yield name, f"This is needed {because}."


def _is_flat(body: object) -> bool:
    return isinstance(body, dict) and not any(
        isinstance(each, dict | list) for each in body.values()
    )


def _is_status(word: str) -> bool:
    return bool(re.fullmatch(r"(?i:http )[1-5]\d\d", word))
