"""The pages of inbound secrets: one is shown once, when it is made, and never after."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from gateway_project.lib.admin import SecretFormField, display
from gateway_project.lib.confirming import confirmed_action
from gateway_project.lib.personal import Personal
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import KeyKind
from gateways.admin.page import Page
from gateways.callers import SECRET_LENGTH
from gateways.models import Key
from gateways.models.key import KeyState, secret_digest
from gateways.test_keys import new_secret

COLOURS = {
    KeyState.LIVE: "success",
    KeyState.UNUSED: "info",
    KeyState.EXPIRES: "warning",
    KeyState.EXPIRED: "danger",
}
"""Of the theme's labels; a revoked key is plain."""
BELONGS = {
    KeyKind.SMARTICO: (
        "In Smartico's BackOffice, under Label, Gateways: open each gateway that calls this "
        "house and put it into Authorization, as it stands here."
    ),
    KeyKind.PLATFORM: "Your own back end sends it as the Authorization header of /platform/v1.",
    KeyKind.STATUS: "Your notification centre sends it as api_key in the URL of the status API.",
}
"""Where a secret of each kind is typed in."""


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key; it may be bound to a brand of its own label."""

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        label = cleaned.get("label", getattr(self.instance, "label", None))
        brand = cleaned.get("brand")
        if brand is not None and brand.label != label:
            self.add_error("brand", "This brand belongs to another label.")
        return cleaned


class NewKeyForm(KeyForm):
    """A new key with a secret that was typed, or with the one that the form brought along.

    The latter makes the form good for one key: sent again, it is refused.
    """

    secret = SecretFormField(
        max_length=SECRET_LENGTH, help_text="Left empty, one is made, and shown to you once."
    )
    proposal = forms.CharField(
        max_length=SECRET_LENGTH, required=False, initial=new_secret, widget=forms.HiddenInput
    )

    def clean(self) -> Any:
        cleaned = super().clean()
        typed = cleaned.get("secret")
        secret = typed or cleaned.get("proposal") or new_secret()
        digest = secret_digest(secret)
        if Key.objects.filter(kind=cleaned.get("kind"), digest=digest, revoked_at=None).exists():
            self._refuse(bool(typed))
        self.instance.digest = digest
        self.made = None if typed else Personal(secret)
        return cleaned

    def _refuse(self, is_typed: bool) -> None:
        self.data: Any = self.data.copy()
        self.data[self.add_prefix("proposal")] = new_secret()
        if is_typed:
            self.add_error("secret", "This secret is live already.")
        else:
            self.add_error(None, "This key is made, and its secret was shown. Save for another.")


EXPIRES_SOON = timedelta(days=14)


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("live", "Live"),
            ("soon", "Expires within two weeks"),
            ("over", "Expired or revoked"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Key]) -> QuerySet[Key]:
        over = Q(revoked_at__isnull=False) | Q(expires_at__lte=timezone.now())
        by_choice = {
            "live": queryset.exclude(over),
            "soon": queryset.filter(
                revoked_at=None,
                expires_at__gt=timezone.now(),
                expires_at__lte=timezone.now() + EXPIRES_SOON,
            ),
            "over": queryset.filter(over),
        }
        return by_choice.get(self.value() or "", queryset)


@admin.register(Key)
class KeyAdmin(Page):
    when_empty = "Add a key: Smartico sends it in the Authorization header."
    list_display = (
        *("__str__", "state", "label", "brand", "purpose"),
        *("created_at", "last_used_at", "expires_at"),
    )
    list_filter = (StateFilter, "label", "kind")
    list_select_related = ("label", "brand")
    ordering = ("-pk",)
    actions = ("revoke",)
    change_form_outer_before_template = "admin/gateways/key/notices.html"
    form = KeyForm
    readonly_fields = ("state", "created_at", "last_used_at", "revoked_at")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = KeyForm if obj else NewKeyForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        own = ("label", "kind", "brand", "note", "rate_per_second", "expires_at")
        return (*own, *self.readonly_fields) if obj else (*own, "secret", "proposal")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("label", "kind", *self.readonly_fields) if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        obj.made = getattr(form, "made", None)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        if obj.made is not None:
            return self._show_once(request, obj, obj.made)
        answer: HttpResponse = super().response_add(request, obj, post_url_continue)
        return answer

    def _show_once(self, request: HttpRequest, key: Key, made: Personal) -> HttpResponse:
        """The answer to the form itself: a redirect would have to carry the secret."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{key} is made",
            "key": key,
            "secret": made.reveal(),
            "belongs": BELONGS[KeyKind(key.kind)],
            "public_url": settings.PUBLIC_URL,
        }
        return TemplateResponse(request, "admin/gateways/key/made.html", context)

    @display(description="state", label={state.label: COLOURS.get(state, "") for state in KeyState})
    def state(self, key: Key) -> str:
        return key.state(timezone.now()).label

    @display(description="note")
    def purpose(self, key: Key) -> str:
        return "Test key of a page" if key.is_test else key.note

    @confirmed_action(
        description="Revoke",
        permission="change",
        question="Keys to revoke: {count}. Whoever comes with one of them is turned away at once.",
        narrow=lambda keys: keys.filter(revoked_at=None),
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[Key]) -> None:
        with writing():
            live, now = list(queryset.select_for_update(of=("self",))), timezone.now()
            Key.objects.filter(pk__in=[key.pk for key in live]).update(revoked_at=now)
            for key in live:
                self.log_change(request, key, {"revoked_at": [None, str(now)]})
        self.message_user(request, f"{len(live)} revoked.")
