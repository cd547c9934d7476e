"""The set-up sheet of a label: one page with what to type into Smartico's BackOffice."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from gateway_project.lib.admin import dress
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import KeyKind
from gateways import configuration, test_keys
from gateways.admin.key import BELONGS
from gateways.auditing import record
from gateways.models import Action, Brand, Key, Label
from gateways.models.key import secret_digest
from gateways.setup_sheet import addresses, calls, header_names, needs_callback_url

MAY_MAKE_KEYS = "gateways.add_key"
TEMPLATES = "admin/gateways/label/sheet"


class KeyOfSheetForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key of the sheet's label."""

    class Meta:
        model = Key
        fields = ("kind", "brand", "note")

    def __init__(self, label: Label, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, prefix="key")
        self.instance.label = label
        self.fields["kind"] = forms.ChoiceField(choices=KeyKind.choices)
        self.fields["brand"] = forms.ModelChoiceField(
            Brand.objects.filter(label=label), required=False, empty_label="any"
        )
        for field in self.fields.values():
            dress(field)


class SetUpSheet:
    """The sheet's URL and what can be made on it. Reading it makes nothing."""

    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.sheet)
        own = path("<int:label_id>/sheet/", view, name="gateways_label_sheet")
        return [own, *super().get_urls()]  # type: ignore[misc]

    def sheet(self, request: HttpRequest, label_id: int) -> HttpResponse:
        label = self.get_queryset(request).filter(pk=label_id).first()  # type: ignore[attr-defined]
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        if label is None:
            raise Http404
        if request.method == "POST":
            return self._make(request, label)
        return self._answer(request, label, "page", form=KeyOfSheetForm(label))

    def _make(self, request: HttpRequest, label: Label) -> HttpResponse:
        """A key; the answer is the part of the page that shows its secret."""
        if not request.user.has_perm(MAY_MAKE_KEYS):
            raise PermissionDenied
        if "test" in request.POST:
            secret = test_keys.mint(label, request.user)
            return self._answer(request, label, "calls", secret=secret)
        form = KeyOfSheetForm(label, request.POST)
        if not form.is_valid():
            return self._answer(request, label, "keys", form=form)
        secret = _make_key(form, request.user)
        belongs = BELONGS[KeyKind(form.instance.kind)]
        fresh = KeyOfSheetForm(label)
        return self._answer(request, label, "keys", form=fresh, made=secret, belongs=belongs)

    def _answer(
        self, request: HttpRequest, label: Label, part: str, secret: str = "", **context: Any
    ) -> HttpResponse:
        """The whole page, or the part of it that was asked for anew."""
        shown = {
            **(self.admin_site.each_context(request) if part == "page" else {}),
            **_facts(label, secret),
            **context,
            "title": f"Set-up sheet of {label}",
            "may_make_keys": request.user.has_perm(MAY_MAKE_KEYS),
        }
        return TemplateResponse(request, f"{TEMPLATES}/{part}.html", shown)


def _make_key(form: KeyOfSheetForm, actor: Any) -> str:
    secret = test_keys.new_secret()
    form.instance.digest = secret_digest(secret)
    with writing():
        record(actor, Action.ADDED, form.save())
    return secret


def _facts(label: Label, secret: str) -> dict[str, Any]:
    values = configuration.current_with(label).labels[label.pk]
    now = timezone.now()
    keys = label.keys.filter(revoked_at=None, is_test=False).select_related("brand").order_by("pk")
    commands = [
        (call.title, call.command(secret) if secret else call.command())
        for call in calls(values, settings.PUBLIC_URL)
    ]
    return {
        "label": label,
        "public_url": settings.PUBLIC_URL,
        "addresses": addresses(values, settings.PUBLIC_URL),
        "keys": [(key, key.state(now).label) for key in keys],
        "header_names": header_names(values),
        "needs_callback_url": needs_callback_url(values),
        "has_api_key": values.callback_api_key is not None,
        "commands": commands,
        "secret": secret,
    }
