"""What an operator fills in for an HTTP API of their own."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.fields import (
    HEADER_NAME,
    PRINTABLE,
    CertificateField,
    Destination,
    HttpUrlField,
    SecretField,
    SecretHeadersField,
)
from gateways.providers.groups import ConfigForm, Group
from gateways.providers.http_api_rules import problems_in
from gateways.providers.lookups import PathField
from gateways.providers.placeholders import (
    CREDENTIAL,
    KNOWN,
    PLACEHOLDER,
    problem_in,
    secret_places,
)
from gateways.providers.proofs import PROOFS, TOKEN
from gateways.providers.tables import JsonTemplateField, TableField, WordsField

IGNORE, GET = "ignore", "get"
PERMANENT = "permanent"
LEARNT: Mapping[str, Status] = {
    "unsubscribed": Status.UNSUBSCRIBED,
    "complained": Status.COMPLAINED,
}
PROBLEMS = ("reject", PERMANENT, *LEARNT, "later", "misconfigured", "unknown")
RANGES = re.compile(r"\s*[1-5]\d\d(\s*-\s*[1-5]\d\d)?(\s*,\s*[1-5]\d\d(\s*-\s*[1-5]\d\d)?)*\s*")
AUTHS = {
    "none": "None",
    "header": "A header of its own",
    "basic": "User name and password (Basic)",
    "bearer": "Bearer token",
    "request": "Within the request, as {{ secret }}",
}


WITH_SECRET = KNOWN | {CREDENTIAL}


class UrlTemplateField(HttpUrlField):
    """A URL in whose path and query placeholders may stand, and never in its host."""

    def destination(self, value: Any) -> object:
        """The host; and the whole of it where it holds the secret, which no other part is to."""
        return super().destination(_plain(value)), secret_places(value)

    def validate(self, value: Any) -> None:
        if problem := problem_in(value, WITH_SECRET):
            raise ValidationError(problem)
        super().validate(_plain(value))
        if "{{" in value.split("?")[0].partition("://")[2].partition("/")[0]:
            raise ValidationError("Placeholders stand in the path or the query, not in the host.")


class BodyTemplateField(Destination, JsonTemplateField):
    """A body in which the secret may stand: where it is moved to is another destination, or it
    could be sent to somebody as a text."""

    def destination(self, value: Any) -> object:
        return secret_places(value)


class HeadersTemplateField(Destination, SecretHeadersField):
    """Headers in whose values the secret may stand."""

    def destination(self, value: Any) -> object:
        return secret_places(value)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if problem := problem_in(value, frozenset({CREDENTIAL})):
            raise ValidationError(problem)


def _plain(url: str) -> str:
    return PLACEHOLDER.sub("x", url)


def _header_field(help_text: str, label: str) -> forms.CharField:
    return forms.CharField(
        required=False, max_length=100, validators=[HEADER_NAME], help_text=help_text, label=label
    )


class HttpApiForm(ConfigForm):
    """Authentication & Configuration of an HTTP API of one's own."""

    method = forms.ChoiceField(
        choices=[(each, each) for each in ("POST", "PUT", "GET")],
        initial="POST",
        help_text="A GET has no body: its values stand in the URL.",
    )
    url = UrlTemplateField(
        label="URL",
        help_text="Of the call that sends one message. Placeholders may stand in its path and "
        "query: https://api.example.com/send?to={{ recipient.digits }}",
    )
    auth = forms.ChoiceField(
        label="Authentication",
        choices=list(AUTHS.items()),
        help_text="How the API knows us.",
    )
    auth_header = _header_field(
        "Where it is a header of its own: its name.", "Authentication header"
    )
    username = forms.CharField(
        required=False, max_length=200, validators=[PRINTABLE], help_text="For Basic alone."
    )
    secret = SecretField(
        required=False,
        validators=[PRINTABLE],
        help_text="The value of the header, the password, the bearer token, or what {{ secret }} "
        "stands for in the URL, the body or a header.",
    )
    headers = HeadersTemplateField(
        required=False, help_text='Further headers: {"X-Tenant": "amazing"}.'
    )
    authority = CertificateField()
    body_kind = forms.ChoiceField(
        label="Body",
        choices=[("json", "JSON"), ("form", "Form-encoded"), ("none", "None")],
        help_text="How the API wants to be sent the message.",
        initial="json",
    )
    body = BodyTemplateField(
        known=WITH_SECRET,
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
        "Meanings: reject; permanent, unsubscribed or complained (the address is not written to "
        "again); later; misconfigured; unknown.",
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
        label="Webhooks prove themselves by",
        choices=list(PROOFS.items()),
        initial=TOKEN,
        help_text="Choose the best that the API can do. Our webhook URL is secret in any case.",
    )
    webhook_header = _header_field("The header with the secret or the signature.", "Webhook header")
    webhook_username = forms.CharField(
        required=False, max_length=200, validators=[PRINTABLE], help_text="For Basic alone."
    )
    webhook_secret = SecretField(
        required=False,
        validators=[PRINTABLE],
        help_text="The key of the signature, the value of the header, or the password.",
    )
    report_method = forms.ChoiceField(
        required=False,
        label="Reports come by",
        choices=[("", "POST, in the body"), (GET, "GET, in the query of the URL")],
        help_text="By GET, the parameters after our webhook URL are the report: "
        "?id=42&status=delivered.",
    )
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
    permanent_path = PathField(
        label="Address at fault",
        help_text="JMESPath that is true where a failure is the address's own, which is then not "
        "written to again: error.permanent, or code == '550'.",
    )
    recipient_path = PathField(
        label="Recipient", help_text="Only where a report names the message by its address alone."
    )
    statuses = TableField(
        label="What status words mean",
        meanings=(*(status.value for status in Status), PERMANENT, IGNORE),
        help_text="One on each line: DELIVRD = delivered, SENT = ignore; BOUNCED = permanent is "
        "a failure of the address itself. Empty: they are Smartico's own eight.",
    )
    lookup_url = UrlTemplateField(
        required=False,
        label="URL of the lookup",
        help_text="A GET that tells how it stands about one message by our id: "
        "https://api.example.com/messages/{{ message.id }}. Empty: there is none.",
    )
    lookup_path = PathField(
        label="Report in its answer",
        help_text="JMESPath to what a report is; empty: the answer itself.",
    )
    lookup_absent = forms.BooleanField(
        required=False,
        label="HTTP 404 means never taken",
        help_text="On only if the API knows each message by our id as soon as it has taken it: "
        "what it does not know is sent again.",
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
    challenge_token = SecretField(
        required=False,
        validators=[PRINTABLE],
        help_text="The token that it shows: any secret of your own, typed in there as well.",
    )

    groups = (
        Group(
            title="Request",
            lines=("method", "url", "body_kind", "body"),
            note="The call that sends one message.",
        ),
        Group(
            title="Custom IM", lines=("address_from",), is_rare=True, channels=(Channel.CUSTOM_IM,)
        ),
        Group(title="Authentication", lines=("auth", "auth_header", ("username", "secret"))),
        Group(
            title="Answer",
            lines=(
                "success_statuses",
                ("success_path", "success_values"),
                ("id_path", "id_header"),
                "error_path",
                "errors_table",
            ),
            note="How the answer says yes or no, and under which id the API knows the message.",
        ),
        Group(
            title="Delivery reports",
            lines=(
                ("report_method", "reports_path"),
                ("message_id_path", "provider_id_path"),
                ("status_path", "time_path"),
                ("reason_path", "permanent_path"),
                "statuses",
                "recipient_path",
            ),
            note="Where everything stands in what the API tells our webhook URL. Paste a report "
            "under Try it, and click.",
        ),
        Group(
            title="Who sends the reports",
            lines=("webhook_proof", "webhook_header", ("webhook_username", "webhook_secret")),
            is_rare=True,
        ),
        Group(
            title="Repeats",
            lines=("is_idempotent", "idempotency_header"),
            note="A send whose answer was lost is only tried again where that does no harm.",
            is_rare=True,
        ),
        Group(
            title="Lookup",
            lines=("lookup_url", "lookup_path", "lookup_absent"),
            note="Where a send was not answered, the API is asked for the message. Status words "
            "are those of the delivery reports.",
            is_rare=True,
        ),
        Group(
            title="Challenge of the webhook",
            lines=("challenge_parameter", "challenge_token_parameter", "challenge_token"),
            note="Some APIs ask first, by GET, whether the webhook URL is ours.",
            is_rare=True,
        ),
        Group(
            title="Further headers and certificate",
            lines=("headers", "authority"),
            is_rare=True,
        ),
    )

    def clean_success_statuses(self) -> str:
        text: str = self.cleaned_data["success_statuses"]
        if not RANGES.fullmatch(text):
            raise ValidationError("Write it as 200-299, or 200, 202.")
        return text

    def clean(self) -> None:
        if not self.errors:
            for problem in list(problems_in(self.cleaned_data)):
                self.add_error(*problem)
