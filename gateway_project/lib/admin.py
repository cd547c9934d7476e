"""The admin's base classes. This is the one place where unfold, its theme, is imported."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import DataError, models
from django.forms.utils import pretty_name
from django.http import Http404, HttpRequest
from unfold.admin import ModelAdmin as _ModelAdmin
from unfold.admin import StackedInline as _StackedInline
from unfold.admin import TabularInline as _TabularInline
from unfold.decorators import action as _action
from unfold.decorators import display as _display
from unfold.forms import (
    AdminForm,
    AdminPasswordChangeForm,
    AuthenticationForm,
    UserChangeForm,
    UserCreationForm,
)
from unfold.sites import UnfoldAdminSite
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminFileFieldWidget,
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
    forms.ClearableFileInput: UnfoldAdminFileFieldWidget,
}

COMPARISONS = frozenset({"exact", "in", "isnull", "gte", "lt"})
"""Those of Django's own filters: what a list may be asked for in its address."""

Shown = TypeVar("Shown", bound=Callable[..., Any])


def display(
    *, description: str, label: Mapping[str, str] | None = None, ordering: str | None = None
) -> Callable[[Shown], Shown]:
    """Marks a method as a column; `label` gives its values the colours of the theme's labels."""
    mark: Callable[[Shown], Shown] = _display(
        description=description, label=label, ordering=ordering
    )
    return mark


def row_action(*, description: str, icon: str, permission: str) -> Callable[[Shown], Shown]:
    """Marks a method as a button on the page of a row, for those of `has_<permission>_permission`.

    Its page names it in `actions_detail`; it is given the request and the row's key.
    """
    mark: Callable[[Shown], Shown] = _action(
        description=description, icon=icon, permissions=[permission]
    )
    return mark


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
        rows = {"rows": 4} if is_long else {}
        kwargs["widget"] = widget(attrs={"autocomplete": "new-password", **rows})
        super().__init__(**kwargs)


class _WriteOnlyTextInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """A line that is not shown again, not even beside an error."""

    def format_value(self, value: Any) -> None:
        return None


class TokenFormField(forms.CharField):
    """Something that is typed to be used up: readable while it is typed, and never sent back."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        super().__init__(widget=_WriteOnlyTextInput(attrs=attrs), **kwargs)


class RowsFormField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rows to choose from. A number that no key can be is no choice, whichever database says so."""

    def _check_values(self, value: Any) -> Any:
        rows: Any = self.queryset
        for key in value:
            try:
                rows.model._meta.pk.clean(key, None)
            except ValidationError:
                raise self._no_choice(key) from None
        return super()._check_values(value)  # type: ignore[misc]

    def _no_choice(self, key: Any) -> ValidationError:
        return ValidationError(
            self.error_messages["invalid_choice"], code="invalid_choice", params={"value": key}
        )


class LogInForm(AuthenticationForm):  # type: ignore[misc]
    """Django's, which tells browsers how long a name can be, and holds nobody to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username = self.fields["username"]
        username.validators = [*username.validators, MaxLengthValidator(username.max_length)]


class ModelAdmin(_ModelAdmin):  # type: ignore[misc]
    """A page of the admin, themed. `when_empty` says what to do where there is no row yet."""

    when_empty = ""
    warn_unsaved_form = True
    list_per_page = 50

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Rows are picked by their key and by what a filter of the list asks for.

        By any other column they could be sieved until they tell what no page shows.
        """
        names = lookup.split("__")
        is_asked_for = self._has_filter(names[0], request) and (
            len(names) == 1 or names[-1] in COMPARISONS
        )
        return is_asked_for and bool(super().lookup_allowed(lookup, value, request))

    def _has_filter(self, name: str, request: HttpRequest) -> bool:
        try:
            column = self.opts.get_field(name).name
        except FieldDoesNotExist:  # a filter's own parameter
            return True
        filters = [entry for entry in self.get_list_filter(request) if not isinstance(entry, type)]
        columns = {entry if isinstance(entry, str) else entry[0] for entry in filters}
        return column in columns | {self.opts.pk.name}

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """A value that no column can hold is a wrong one, whichever database says so."""
        try:
            return super().get_changelist_instance(request)
        except (OverflowError, DataError) as problem:
            raise IncorrectLookupParameters(problem) from None

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """Refuses what is no key of a row before it gets anywhere near the database."""
        for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.clean(key, None)
            except ValidationError:
                raise Http404 from None
        return super().response_action(request, queryset)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Of rows that keep these from being deleted there may be a million: one name will do."""
        in_the_way = {
            str(relation.related_model._meta.verbose_name_plural)
            for relation in self.opts.related_objects
            if self._is_kept(relation, request)
            and relation.related_model._default_manager.filter(
                **{f"{relation.field.name}__in": objs}
            ).exists()
        }
        if in_the_way:
            return [], {}, set(), sorted(in_the_way)
        return super().get_deleted_objects(objs, request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("form_class", RowsFormField)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _is_kept(self, relation: Any, request: HttpRequest) -> bool:
        """Whether rows that refer to these are not to be deleted with them."""
        page = self.admin_site._registry.get(relation.related_model)
        is_refused = page is not None and not page.has_delete_permission(request)
        return relation.on_delete is models.PROTECT or (
            relation.on_delete is models.CASCADE and is_refused
        )

    def _get_obj_does_not_exist_redirect(self, *args: Any) -> NoReturn:
        """A row that is not there, or is not for this person, is not there."""
        raise Http404


class TabularInline(_TabularInline):  # type: ignore[misc]
    """Rows of another model inside a page, themed."""

    extra = 0

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Each field says its name: the heads of the columns are no labels to a screen reader."""
        formset = super().get_formset(request, obj, **kwargs)
        for name, field in formset.form.base_fields.items():
            field.widget.attrs.setdefault("aria-label", field.label or pretty_name(name))
        return formset


class StackedInline(_StackedInline):  # type: ignore[misc]
    """A form of another model inside a page, themed."""

    extra = 0


class AdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """Django's admin site, themed."""

    def search(self, request: HttpRequest, *args: Any, **kwargs: Any) -> NoReturn:
        """The theme's own search is a GET, and what is sought may be an address."""
        raise Http404


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


__all__ = [
    "AdminForm",
    "AdminPasswordChangeForm",
    "AdminSite",
    "LogInForm",
    "ModelAdmin",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "SecretFormField",
    "StackedInline",
    "TabularInline",
    "TokenFormField",
    "UserChangeForm",
    "UserCreationForm",
    "display",
    "dress",
    "row_action",
]
