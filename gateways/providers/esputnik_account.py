"""What an account at eSputnik is configured with."""

from collections.abc import Mapping

from django import forms
from django.core.exceptions import ValidationError

from gateways.providers.base import ConfigForm, Group, SecretField
from gateways.providers.base_urls import BaseUrlField
from gateways.providers.esputnik_requests import is_source
from gateways.providers.fields import PRINTABLE, CertificateField
from gateways.providers.groups import CERTIFICATE
from gateways.providers.tables import JsonField
from gateways.providers.values import identifier

RECIPIENTS_PER_CALL = 1000
BY_CUSTOMER_ID, BY_EMAIL, BY_PHONE = "externalCustomerId", "email", "phone"
AS_MESSAGE, AS_PREPARED, AS_EVENT = "message", "prepared", "event"


class ESputnikConfig(ConfigForm):
    """Authentication & Configuration."""

    base_url = BaseUrlField(
        # Some write v1 into it already: that is taken.
        adds=("message/(email|sms|viber)", r"message/\d+/smartsend", "event"),
        label="Base URL",
        help_text="For example https://api.yespo.io/api, or https://esputnik.com/api for older "
        "accounts.",
    )
    api_key = SecretField(
        label="API key", validators=[PRINTABLE], help_text="Made under Settings, API."
    )
    mode = forms.ChoiceField(
        label="What is sent",
        initial=AS_MESSAGE,
        choices=[
            (AS_MESSAGE, "The message itself; Custom IM as an event"),
            (AS_PREPARED, "A prepared message, with parameters"),
            (AS_EVENT, "An event that starts a workflow"),
        ],
        help_text="A prepared message is written in eSputnik; what an event sends is decided by a "
        "workflow there.",
    )
    prepared_id = forms.RegexField(
        r"\A[0-9]+\Z",
        required=False,
        label="ID of the prepared message",
        help_text="Its number in eSputnik. Only where one is sent.",
    )
    event_type_key = forms.CharField(
        required=False,
        label="Event type key",
        help_text="Mind the spelling: eSputnik makes an event type of any key it does not know.",
    )
    contact_key = forms.ChoiceField(
        label="Custom IM and events name the contact by",
        initial=BY_CUSTOMER_ID,
        choices=[
            (BY_CUSTOMER_ID, "Its externalCustomerId, which is the ext_user_id"),
            (BY_EMAIL, "Its e-mail address"),
            (BY_PHONE, "Its phone number"),
        ],
        help_text="The address goes along only where it is chosen here.",
    )
    params = JsonField(
        required=False,
        label="Parameters",
        help_text='From where a prepared message or event takes them: {"title": "extension.title", '
        '"country": "properties.country"}; also subject, text, html, ext_user_id and '
        "ext_message_id. Empty: everything that the message brings.",
    )
    batch = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=RECIPIENTS_PER_CALL,
        label="Recipients per call",
        help_text="Of a prepared message, up to 1,000. Empty: one.",
    )
    track_links = forms.ChoiceField(
        required=False,
        label="Track links",
        choices=[("", "As eSputnik does by default"), ("yes", "Yes"), ("no", "No")],
        help_text="By default it replaces links in mails, and leaves those in SMS.",
    )
    push_opt_outs = forms.BooleanField(
        required=False,
        label="Push opt-outs",
        help_text="E-mail addresses that are suppressed here are put on eSputnik's list, and taken "
        "off it when the suppression is lifted.",
    )
    keep_contacts = forms.BooleanField(
        required=False,
        label="Keep contacts",
        help_text="New and changed users that fit this gateway become contacts, with their e-mail "
        "address and phone number. One gateway per account is enough.",
    )
    contact_fields = JsonField(
        required=False,
        label="Additional fields of contacts",
        help_text='From a property to the ID of a field: {"country": "12345"}. The IDs are under '
        "Settings, Additional fields, and at /platform/v1/fields.",
    )
    webhook_user = forms.CharField(
        required=False,
        validators=[PRINTABLE],
        help_text="Empty: the token in the webhook URL is the credential.",
    )
    webhook_password = SecretField(
        required=False,
        validators=[PRINTABLE],
        help_text="Where the webhook is set up with Basic authentication.",
    )

    authority = CertificateField()

    groups = (
        Group(title="Account", lines=("base_url", "api_key")),
        Group(
            title="Content",
            lines=("mode", ("prepared_id", "event_type_key"), "contact_key", "params"),
        ),
        Group(
            title="Contacts and opt-outs",
            lines=("push_opt_outs", "keep_contacts", "contact_fields"),
            note="What eSputnik is told beside messages.",
            is_rare=True,
        ),
        Group(title="Sending", lines=("track_links", "batch"), is_rare=True),
        Group(
            title="Security of the webhook",
            lines=(("webhook_user", "webhook_password"),),
            is_rare=True,
        ),
        CERTIFICATE,
    )

    def clean_params(self) -> dict[str, str]:
        params = self.cleaned_data["params"] or {}
        are_sources = isinstance(params, Mapping) and all(
            isinstance(source, str) and is_source(source) for source in params.values()
        )
        if not are_sources:
            raise ValidationError("A JSON object of names and where they are taken from, please.")
        return dict(params)

    def clean_contact_fields(self) -> dict[str, str]:
        fields = self.cleaned_data["contact_fields"] or {}
        are_ids = isinstance(fields, Mapping) and all(
            identifier(field) for field in fields.values()
        )
        if not are_ids:
            raise ValidationError("A JSON object of properties and IDs of fields, please.")
        return {name: str(field) for name, field in fields.items()}

    def clean(self) -> None:
        if self.errors:
            return
        given = self.cleaned_data
        if given["mode"] == AS_PREPARED and not given["prepared_id"]:
            raise ValidationError("The ID of the prepared message is needed.")
        if given["mode"] == AS_EVENT and not given["event_type_key"]:
            raise ValidationError("The event type key is needed.")
        if bool(given["webhook_user"]) != bool(given["webhook_password"]):
            raise ValidationError("The webhook's user and password are only useful together.")
