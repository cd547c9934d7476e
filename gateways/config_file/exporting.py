"""The file is made from the rows. Secrets are left out: `${...}` stands in their place."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from django.db.models import Prefetch
from rest_framework import serializers

from gateways.config_file.fields import SECRET
from gateways.config_file.schema import FileSchema
from gateways.config_file.strict import Strict
from gateways.models import Gateway, Label, TemplateField

HEAD = """\
# Made by export_config. Secrets are left out: before apply_config reads this file,
# put them into the environment under the names that stand in ${...}.
"""
UNNAMED_STEPS = frozenset({"labels", "keys", "gateways", "config"})
NUMBERED_STEP = "secret"
NOTHING: tuple[Any, ...] = (None, [], {})


def export(labels: Iterable[Label]) -> str:
    """The YAML of these labels. What stands at its default is not written."""
    schema = FileSchema()
    document = schema.to_representation({"labels": [_values(label) for label in labels]})
    document = _without_defaults(schema, document)
    return HEAD + yaml.safe_dump(
        _Names().put_into(document),
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=None,
    )


def _values(label: Label) -> dict[str, Any]:
    """The label's columns, and its rows that a file can name."""
    keys = label.keys.filter(revoked_at=None, is_test=False)
    fields = Prefetch("fields", TemplateField.objects.order_by("position", "pk"))
    return {
        **{field.name: getattr(label, field.name) for field in label._meta.concrete_fields},
        "keys": keys.select_related("brand").order_by("pk"),
        "brands": label.brands.filter(is_active=True).order_by("pk"),
        "templates": label.templates.filter(is_active=True).prefetch_related(fields).order_by("pk"),
        "gateways": [
            gateway
            for gateway in label.gateways.filter(is_draft=False)
            .select_related("brand")
            .order_by("pk")
            if gateway.is_active or _could_be_active(gateway, label)
        ],
    }


def _could_be_active(gateway: Gateway, label: Label) -> bool:
    """Whether the label still has what a deactivated gateway refers to."""
    has_its_brand = gateway.brand is None or gateway.brand.is_active
    return has_its_brand and set(gateway.filters) <= set(label.filter_properties)


def _without_defaults(schema: Any, shown: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in shown.items():
        field = schema.fields.get(name)
        if isinstance(field, serializers.ListSerializer):
            value = [_without_defaults(field.child, item) for item in value]
        elif isinstance(field, Strict):
            value = _without_defaults(field, value)
        if not _goes_without_saying(value, _shown_default(field)):
            kept[name] = value
    return kept


def _goes_without_saying(value: Any, default: Any) -> bool:
    """An empty list says something only where the default is a full one."""
    return value == default or (value in NOTHING and default in NOTHING)


def _shown_default(field: Any) -> Any:
    default = getattr(field, "default", serializers.empty)
    if default is serializers.empty or default is None:
        return None
    return field.to_representation(default() if callable(default) else default)


class _Names:
    """Gives every secret of a document a name of its own for the environment."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    def put_into(self, value: Any, steps: tuple[str, ...] = ()) -> Any:
        if value is SECRET:
            return "${" + self._new(steps) + "}"
        if isinstance(value, dict):
            return {
                name: self.put_into(inner, (*steps, str(name))) for name, inner in value.items()
            }
        if isinstance(value, list):
            return [
                self.put_into(inner, (*steps, _known_as(inner, position)))
                for position, inner in enumerate(value, start=1)
            ]
        return value.replace("${", "$${") if isinstance(value, str) else value

    def _new(self, steps: tuple[str, ...]) -> str:
        words = "_".join(step for step in steps if step not in UNNAMED_STEPS)
        name = re.sub(r"[^A-Z0-9]+", "_", words.upper())
        name = f"_{name}" if name[0].isdigit() else name
        self.taken[name] += 1
        count = self.taken[name]
        return f"{name}_{count}" if count > 1 or steps[-1] == NUMBERED_STEP else name


def _known_as(item: Any, position: int) -> str:
    """How an item of a list is called in a name: by its slug, a key by its kind."""
    known = item.get("slug") or item.get("kind") if isinstance(item, dict) else None
    return known or str(position)
