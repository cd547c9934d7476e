"""The pages of inbound secrets: seen while one is made, and never after."""

import secrets
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from gateway_project.lib.admin import ModelAdmin
from gateways.admin.fields import dressed
from gateways.callers import SECRET_LENGTH
from gateways.models import Key
from gateways.models.key import secret_digest

SECRET_BYTES = 32


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
    """A new key with a secret that was typed, or taken as it was proposed."""

    secret = dressed(
        forms.CharField(
            max_length=SECRET_LENGTH,
            initial=lambda: secrets.token_urlsafe(SECRET_BYTES),
            help_text="A proposal. Copy it now: once saved, it is shown nowhere.",
        )
    )

    def clean(self) -> Any:
        cleaned = super().clean()
        digest = secret_digest(cleaned.get("secret", ""))
        live = Key.objects.filter(kind=cleaned.get("kind"), digest=digest, revoked_at=None)
        if live.exists():
            self.add_error("secret", "This secret is live already.")
        self.instance.digest = digest
        return cleaned


@admin.register(Key)
class KeyAdmin(ModelAdmin):
    list_display = (
        "__str__",
        "label",
        "kind",
        "brand",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    list_filter = ("label", "kind")
    list_select_related = ("label", "brand")
    actions = ("revoke",)
    form = KeyForm
    readonly_fields = ("created_at", "last_used_at", "revoked_at")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = KeyForm if obj else NewKeyForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        own = ("label", "kind", "brand", "expires_at")
        return (*own, *self.readonly_fields) if obj else (*own, "secret")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("label", "kind", *self.readonly_fields) if obj else ()

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Key]) -> None:
        live = list(queryset.filter(revoked_at=None))
        queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        for key in live:
            self.log_change(request, key, "Revoked.")
        self.message_user(request, f"{len(live)} revoked.")
