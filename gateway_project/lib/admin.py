"""The admin's base classes. This is the one place where unfold, its theme, is imported."""

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.admin import ModelAdmin as _ModelAdmin
from unfold.admin import TabularInline as _TabularInline
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
    UnfoldBooleanSwitchWidget,
)

DRESSES: dict[type[forms.Widget], type[forms.Widget]] = {
    forms.TextInput: UnfoldAdminTextInputWidget,
    forms.URLInput: UnfoldAdminURLInputWidget,
    forms.EmailInput: UnfoldAdminEmailInputWidget,
    forms.NumberInput: UnfoldAdminIntegerFieldWidget,
    forms.PasswordInput: UnfoldAdminPasswordWidget,
    forms.Textarea: UnfoldAdminTextareaWidget,
    forms.CheckboxInput: UnfoldBooleanSwitchWidget,
}


def dress(field: forms.Field) -> forms.Field:
    """Gives a plain form field the theme's widget; a widget of one's own is left as it is."""
    if type(field.widget) is forms.Select:
        choices = getattr(field, "choices", ())
        field.widget = UnfoldAdminSelectWidget(choices=choices, attrs=field.widget.attrs)
    elif type(field.widget) is forms.CheckboxSelectMultiple:
        field.widget = UnfoldAdminCheckboxSelectMultipleWidget(
            choices=getattr(field, "choices", ())
        )
    elif isinstance(field, forms.DecimalField | forms.FloatField):
        field.widget = UnfoldAdminDecimalFieldWidget(attrs=field.widget.attrs)
    elif type(field.widget) in DRESSES:
        field.widget = DRESSES[type(field.widget)](attrs=field.widget.attrs)
    field.widget.is_required = field.required
    return field


class _WriteOnlyTextarea(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """Several lines that are not shown again, not even beside an error."""

    def format_value(self, value: Any) -> None:
        return None


class SecretFormField(forms.CharField):
    """A secret in a form: never shown again, and kept where it is left empty."""

    def __init__(self, *, is_long: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", "Never shown again. Left empty, it stays as it is.")
        widget = _WriteOnlyTextarea if is_long else UnfoldAdminPasswordWidget
        kwargs["widget"] = widget(attrs={"autocomplete": "new-password"})
        super().__init__(**kwargs)


class ModelAdmin(_ModelAdmin):  # type: ignore[misc]
    """A page of the admin, themed."""

    warn_unsaved_form = True
    list_per_page = 50


class TabularInline(_TabularInline):  # type: ignore[misc]
    """Rows of another model inside a page, themed."""

    extra = 0


class _NothingIsWritten:
    """Permissions of rows that the gateway writes and nobody edits."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(_NothingIsWritten, ModelAdmin):
    """A page to read: nothing is added, changed or deleted there."""


class ReadOnlyInline(_NothingIsWritten, TabularInline):
    """Rows to read inside another page."""

    can_delete = False
