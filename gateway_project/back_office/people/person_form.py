"""The forms in which people are let in, given roles and limited to labels."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User

from gateway_project.back_office.people.rights import roles_to_give
from gateway_project.lib.admin import RowsFormField, UserChangeForm, UserCreationForm, dress
from gateways.models import Label, StaffLimit

ROLES_HELP = "What this person may see and do. Several roles add up."
LABELS_HELP = "The labels this limited person sees. None chosen: nothing is seen."


class _PersonFields(forms.ModelForm):  # type: ignore[type-arg]
    """Roles and labels. `actor`, who fills the form in, is set by the page."""

    actor: Any
    groups = dress(
        RowsFormField(
            Group.objects.none(),
            label="Roles",
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=ROLES_HELP,
        )
    )
    is_limited = dress(
        forms.BooleanField(
            label="Limited to labels",
            required=False,
            help_text="Sees the labels below and nothing of the others, and manages no people.",
        )
    )
    labels = dress(
        RowsFormField(
            Label.objects.none(),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=LABELS_HELP,
        )
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose_from("groups", roles_to_give(self.actor))
        self._choose_from("labels", Label.objects.order_by("name"))
        limit = StaffLimit.objects.filter(user_id=self.instance.pk).first()
        if limit is not None:
            self.initial.update(is_limited=True, labels=list(limit.labels.all()))

        for name in self.declared_fields.keys() - set(self._meta.fields or ()):
            self.fields.pop(name, None)  # Django keeps what a page has left out

    def _choose_from(self, name: str, rows: Any) -> None:
        if name in self.fields:
            self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def save_limit(self) -> None:
        """Writes the limit that was chosen."""
        if "is_limited" not in self.fields:
            return
        if not self.cleaned_data["is_limited"]:
            StaffLimit.objects.filter(user=self.instance).delete()
            return
        limit, _ = StaffLimit.objects.get_or_create(user=self.instance)
        limit.labels.set(self.cleaned_data["labels"])


class NewPersonForm(_PersonFields, UserCreationForm):  # type: ignore[misc]
    """Lets somebody in."""


class PersonForm(_PersonFields, UserChangeForm):  # type: ignore[misc]
    """What somebody is and may do."""


def form_by(actor: Any, form: type[_PersonFields]) -> type[_PersonFields]:
    """The form as this person fills it in."""
    return type(form.__name__, (form,), {"actor": actor})


def told(person: User) -> dict[str, Any]:
    """Roles and limit in words, for the audit."""
    limit = StaffLimit.objects.filter(user=person).first()
    labels = None if limit is None else sorted(limit.labels.values_list("slug", flat=True))
    return {
        "roles": sorted(person.groups.values_list("name", flat=True)),
        "labels": "all" if labels is None else labels,
        "individual permissions": sorted(
            person.user_permissions.values_list("codename", flat=True)
        ),
    }
