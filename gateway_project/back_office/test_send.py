"""A page that sends one message through one gateway."""

import json
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from gateway_project.back_office.page import Page
from gateway_project.lib.admin import dress
from gateway_project.lib.protocol import Refused
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.admin.scope import visible
from gateways.models import Gateway
from gateways.template_sample import sample_extension
from gateways.values import LabelValues
from messages_app.requests import ACTIVITY_TYPES
from messages_app.testing import send_test
from users.models import EXT_USER_ID_LENGTH

PREVIEW = ACTIVITY_TYPES[0]
NOBODY = "test"
"""Stands for the user of a preview, which has none."""


class ExtensionField(forms.JSONField):
    """The extension of a Custom IM message, as JSON."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError):  # numbers too long, or brackets too deep
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class TestSendForm(forms.Form):
    """Whom to, and what. What is typed may be an address: it is posted, and not shown again."""

    ext_user_id = forms.CharField(
        label="ext_user_id",
        required=False,
        max_length=EXT_USER_ID_LENGTH,
        help_text="A user of the label, as Smartico names them. Suppressed addresses stay so.",
    )
    to_email_address = forms.CharField(required=False, label="Or a preview address")
    subject = forms.CharField(required=False, initial="A test of Gatehouse")
    body = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}),
        initial="This is a test. It came through the gateway that it was meant for.",
    )
    template = forms.ChoiceField(required=False)
    extension = ExtensionField(required=False, widget=forms.Textarea(attrs={"rows": 8}))

    def __init__(self, channel: str, label: LabelValues, *args: Any) -> None:
        super().__init__(*args)
        self.channel = channel
        for name in self._unused(label):
            del self.fields[name]
        for name in {"template", "extension"} & self.fields.keys():
            self._offer_templates(name, label)
        if "to_email_address" in self.fields:
            domains = ", ".join(label.preview_domains)
            self.fields["to_email_address"].help_text = f"In one of: {domains}."
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"
            dress(field)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        given = [name for name in ("ext_user_id", "to_email_address") if cleaned.get(name)]
        if len(given) != 1 and not self.errors:
            both = "to_email_address" in self.fields
            raise forms.ValidationError(
                "Name a user or a preview address." if both else "Name a user."
            )
        return cleaned

    def request(self) -> dict[str, Any]:
        """The request that Smartico would post."""
        asked = self.cleaned_data
        is_mail = self.channel == Channel.EMAIL
        body = {
            "ext_user_id": asked["ext_user_id"] or NOBODY,
            "email_uid" if is_mail else "im_uid": f"test-{uuid4().hex}",
            "body": asked["body"],
        }
        if is_mail:
            body["subject"] = asked["subject"]
        if asked.get("to_email_address"):
            body |= {"activity_type": PREVIEW, "to_email_address": asked["to_email_address"]}
        if asked.get("extension"):
            body["extension"] = asked["extension"]
        return body

    def _unused(self, label: LabelValues) -> set[str]:
        is_mail, is_custom = self.channel == Channel.EMAIL, self.channel == Channel.CUSTOM_IM
        unused = set() if is_mail else {"to_email_address", "subject"}
        unused |= set() if is_custom else {"template", "extension"}
        unused |= set() if label.preview_domains else {"to_email_address"}
        return unused | (set() if label.templates else {"template"})

    def _offer_templates(self, name: str, label: LabelValues) -> None:
        first = next(iter(label.templates.values()), None)
        if name == "template" and first is not None:
            slugs = [(slug, slug) for slug in label.templates]
            self.fields[name].choices = slugs  # type: ignore[attr-defined]
            self.initial[name] = first.slug
        elif name == "extension":
            self.initial[name] = sample_extension(first.fields) if first else {}
            self.fields[name].encoder = _Indented  # type: ignore[attr-defined]


class _Indented(json.JSONEncoder):
    """JSON as one reads it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "indent": 2})


class TestSend(Page):
    path = "test-send/<int:gateway_id>/"
    name = "test_send"
    title = "Test send"
    permission = "messages_app.test_message"
    template_name = "admin/test_send.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        gateway = self.gateway(kwargs["gateway_id"])
        return self.show(gateway=gateway, form=TestSendForm(gateway.channel, _label(gateway)))

    def post(self, request: HttpRequest, gateway_id: int) -> HttpResponse:
        gateway = self.gateway(gateway_id)
        form = TestSendForm(gateway.channel, _label(gateway), request.POST)
        if not form.is_valid():
            return self.refuse([str(text) for texts in form.errors.values() for text in texts])
        slug = form.cleaned_data.get("template", "")
        try:
            message_id = send_test(gateway, form.request(), slug, request.user)
        except Refused as refusal:
            return self.refuse([refusal.text])
        page = reverse("admin:messages_app_message_change", args=[message_id])
        if "HX-Request" in request.headers:
            return HttpResponse(headers={"HX-Redirect": page})
        return redirect(page)

    def gateway(self, gateway_id: int) -> Gateway:
        """One of this person's, active or not, but no draft."""
        found: Gateway = get_object_or_404(
            visible(admin.site, self.request, Gateway), pk=gateway_id
        )
        return found

    def refuse(self, problems: list[str]) -> HttpResponse:
        return render(self.request, "admin/test_send_problems.html", {"problems": problems})


def _label(gateway: Gateway) -> LabelValues:
    return configuration.current_with(gateway).labels[gateway.label_id]
