"""The rows are made to be as a checked file says."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from gateway_project.lib.transactions import writing
from gateways.config_file.changes import Change, Journal, Verb
from gateways.config_file.checking import Values
from gateways.config_file.problems import ConfigFileRefused, Problem
from gateways.config_file.rows import make_be
from gateways.models import Brand, Gateway, Key, Label, Template, TemplateField

COMMAND = "apply_config"
"""Who is said to have done it, in the audit."""
CHILDREN = ("keys", "brands", "templates", "gateways")


def apply(labels: list[Values], *, dry_run: bool = False) -> list[Change]:
    """Makes the listed labels be as the file says, in one transaction; says what that changed.

    What a listed label no longer names is deactivated or revoked; other labels are left alone.
    A dry run says the same and changes nothing. Raises ConfigFileRefused.
    """
    journal = Journal()
    with writing():
        _refuse_secrets_of_other_labels(labels)
        rows = [(_apply_label(values, journal), values) for values in labels]
        for label, values in rows:
            # In all labels first: a secret may move from one of them to another.
            _revoke_keys(label, values["keys"], journal)
        for label, values in rows:
            _apply_parts(label, values, journal)
        journal.tell(COMMAND)
        transaction.set_rollback(dry_run)
    return journal.changes


def _refuse_secrets_of_other_labels(labels: list[Values]) -> None:
    places = {
        (key["kind"], key["digest"]): f"labels[{n}].keys[{m}].secret"
        for n, label in enumerate(labels)
        for m, key in enumerate(label["keys"])
    }
    others = (
        Key.objects.filter(revoked_at=None, digest__in=[digest for _, digest in places])
        .exclude(label__slug__in=[label["slug"] for label in labels])
        .select_related("label")
    )
    problems = [
        Problem(
            place=places[key.kind, key.digest],
            text=f"is live in another label: {key.label.slug}, {key}",
        )
        for key in others
        if (key.kind, key.digest) in places
    ]
    if problems:
        raise ConfigFileRefused(problems)


def _apply_label(values: Values, journal: Journal) -> Label:
    slug = values["slug"]
    label = Label.objects.select_for_update().filter(slug=slug).first() or Label(slug=slug)
    columns = {name: value for name, value in values.items() if name not in CHILDREN}
    make_be(label, columns, slug, journal)
    return label


def _apply_parts(label: Label, values: Values, journal: Journal) -> None:
    brands = _apply_list(label, Brand, values["brands"], journal)
    _add_keys(label, values["keys"], brands, journal)
    _apply_templates(label, values["templates"], journal)
    gateways = [
        {**gateway, "brand": gateway["brand"] and brands[gateway["brand"]]}
        for gateway in values["gateways"]
    ]
    _apply_list(label, Gateway, gateways, journal)


def _apply_list(
    label: Label, model: Any, wanted: Iterable[Values], journal: Journal
) -> dict[str, Any]:
    """Makes the label's rows of this model be those of the list; answers them by slug."""
    present = {row.slug: row for row in model.objects.filter(label=label).order_by("pk")}
    rows: dict[str, Any] = {}
    for values in wanted:
        slug = values["slug"]
        row = rows[slug] = present.pop(slug, None) or model(label=label, slug=slug)
        columns = {"is_active": True, **values}
        make_be(row, columns, f"{label.slug}/{slug}", journal)
    for slug, row in present.items():
        if row.is_active:
            row.is_active = False
            row.save(update_fields=["is_active"])
            changes = {"is_active": [True, False]}
            journal.note(Verb.DEACTIVATED, row, f"{label.slug}/{slug}", changes=changes)
    return rows


def _apply_templates(label: Label, wanted: list[Values], journal: Journal) -> None:
    columns = [{k: v for k, v in values.items() if k != "fields"} for values in wanted]
    rows = _apply_list(label, Template, columns, journal)
    for values in wanted:
        template = rows[values["slug"]]
        fields = [
            TemplateField(template=template, position=position, **field)
            for position, field in enumerate(values["fields"])
        ]
        present = list(template.fields.order_by("position", "pk"))
        before, after = ([_as_values(field) for field in rows] for rows in (present, fields))
        if before != after:
            template.fields.all().delete()
            TemplateField.objects.bulk_create(fields)
            name, changes = f"{label.slug}/{template.slug}", {"fields": [before, after]}
            journal.note(Verb.CHANGED, template, name, "fields", changes=changes)


def _as_values(field: TemplateField) -> tuple[Any, ...]:
    return (field.name, field.type, field.required, list(field.choices))


def _live_keys(label: Label) -> dict[tuple[str, str], Key]:
    rows = Key.objects.filter(label=label, revoked_at=None, is_test=False).order_by("pk")
    return {(row.kind, row.digest): row for row in rows}


def _revoke_keys(label: Label, wanted: list[Values], journal: Journal) -> None:
    named = {(values["kind"], values["digest"]) for values in wanted}
    for identity, key in _live_keys(label).items():
        if identity not in named:
            key.revoked_at = now = timezone.now()
            key.save(update_fields=["revoked_at"])
            name, changes = f"{label.slug}/{key.kind} {key.pk}", {"revoked_at": [None, str(now)]}
            journal.note(Verb.REVOKED, key, name, changes=changes)


def _add_keys(label: Label, wanted: list[Values], brands: dict[str, Any], journal: Journal) -> None:
    live = _live_keys(label)
    for position, values in enumerate(wanted):
        brand = values["brand"] and brands[values["brand"]]
        name = f"{label.slug}/{values['kind']} (keys[{position}])"
        key = live.get((values["kind"], values["digest"]))
        if key is None:
            key = Key.objects.create(label=label, **{**values, "brand": brand})
            journal.note(Verb.CREATED, key, name)
        else:
            make_be(key, {**values, "brand": brand}, name, journal)
