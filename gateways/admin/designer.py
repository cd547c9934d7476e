"""The designer of Custom IM templates: what is in its form, as a design, saved or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from gateway_project.lib.vocabulary import Channel
from gateways.admin.template_form import TemplateFieldForm
from gateways.models import Label, Template
from gateways.models.label import ExtensionPolicy, all_statuses
from gateways.sample_requests import path_of
from gateways.template_sample import Design, as_json, extension_schema, sample_payload, ticket
from gateways.values import FieldValues

MOST_FIELDS = 200

Fields = tuple[FieldValues, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The fields of a form that are good so far, and what is wrong with the others."""

    fields: Fields
    problems: tuple[str, ...]


def read_fields(data: Mapping[str, Any]) -> Typed:
    """The rows of a posted form in their order; those marked for removal are left out."""
    count = _count(data.get("fields-TOTAL_FORMS", ""))
    forms = [TemplateFieldForm(data, prefix=f"fields-{number}") for number in range(count)]
    kept = [form for form in forms if form.has_changed() and f"{form.prefix}-DELETE" not in data]
    good = sorted((form for form in kept if form.is_valid()), key=_position)
    by_name = {form.cleaned_data["name"]: _field(form.cleaned_data) for form in good}
    problems = [_problem(form) for form in kept if not form.is_valid()]
    if len(by_name) < len(good):
        problems.append("Two fields have the same name.")
    return Typed(fields=tuple(by_name.values()), problems=tuple(problems))


def fields_of(template: Template) -> Fields:
    """The saved fields in their order."""
    rows = template.fields.order_by("position", "pk").values("name", "type", "required", "choices")
    return tuple(_field(row) for row in rows)


def design_of(template: Template) -> Design:
    """A template as it is saved."""
    return new_design(template.label, template.name, template.slug, fields_of(template))


def new_design(
    label: Label | None = None, name: str = "", slug: str = "", fields: Fields = ()
) -> Design:
    """A template that may not be finished: what is missing has dots in its place."""
    path = path_of(Channel.CUSTOM_IM, slug or "...")
    return Design(
        name=name or "...",
        label=label.name if label else "...",
        url=f"{settings.PUBLIC_URL}{path}",
        statuses=label.callback_statuses if label else all_statuses(),
        extension_policy=label.extension_policy if label else ExtensionPolicy.REFUSE,
        fields=fields,
    )


def preview_of(design: Design, problems: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the preview shows of it."""
    return {
        "sample": sample_payload(design.fields),
        "schema": as_json(extension_schema(design)),
        "ticket": ticket(design),
        "problems": problems,
    }


def _count(total: str) -> int:
    try:
        return min(int(total), MOST_FIELDS)
    except ValueError:
        return 0


def _position(form: TemplateFieldForm) -> int:
    return form.cleaned_data.get("position") or 0


def _field(values: Mapping[str, Any]) -> FieldValues:
    return FieldValues(
        name=values["name"],
        type=values["type"],
        required=values["required"],
        choices=tuple(values["choices"]),
    )


def _problem(form: TemplateFieldForm) -> str:
    name = form.data.get(form.add_prefix("name")) or "A field without a name"
    first = next(iter(form.errors.items()))
    return f"{name}: {first[0]}: {' '.join(map(str, first[1]))}"
