"""One row is made to be as the file says, in one save of what differs."""

from typing import Any

from django.db import models

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.personal import Personal
from gateways.auditing import differences, values_of
from gateways.config_file.changes import Journal, Verb
from gateways.config_file.checking import Values
from gateways.config_file.gateway_schema import GatewaySchema
from gateways.config_file.schema import BrandSchema, KeySchema, LabelSchema
from gateways.config_file.strict import words_of_the_file
from gateways.config_file.template_schema import TemplateSchema
from gateways.models import Brand, Gateway, Key, Label, Template
from gateways.models.gateway import RESUMED

WORDS: dict[type[models.Model], dict[str, str]] = {
    Label: words_of_the_file(LabelSchema()),
    Key: words_of_the_file(KeySchema()),
    Brand: words_of_the_file(BrandSchema()),
    Template: words_of_the_file(TemplateSchema()),
    Gateway: words_of_the_file(GatewaySchema()),
}


def make_be(row: models.Model, columns: Values, name: str, journal: Journal) -> None:
    """One save of what differs, or none."""
    if row.pk is None:
        _assign(row, columns)
        row.save()
        journal.note(Verb.CREATED, row, name)
        return
    before = {column: getattr(row, column) for column in columns}
    changed = [column for column in columns if _plain(before[column]) != _plain(columns[column])]
    if changed:
        told = values_of(row)
        written = _assign(row, {column: columns[column] for column in changed})
        row.save(update_fields=written)
        words = WORDS[type(row)]
        fields = [
            word
            for column in changed
            for word in _words(words.get(column, column), before[column], columns[column])
        ]
        changes = differences(told, values_of(row))
        journal.note(Verb.CHANGED, row, name, *fields, changes=changes)


def _assign(row: models.Model, columns: Values) -> list[str]:
    """Sets the columns; answers their names and those of the columns that follow from them."""
    for column, value in columns.items():
        setattr(row, column, value)
    if isinstance(row, Gateway) and not columns.get("is_paused", True):
        for column, value in RESUMED.items():
            setattr(row, column, value)
        return [*columns, *RESUMED]
    return list(columns)


def _plain(value: Any) -> Any:
    """What is compared. A sealed value that no longer opens differs from every other."""
    try:
        return value.reveal() if isinstance(value, Personal) else value
    except Undecryptable:
        return value


def _words(word: str, before: Any, after: Any) -> list[str]:
    """What changed, in the file's words: `config.port` rather than `config`."""
    old, new = _plain(before), _plain(after)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [word]
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [f"{word}.{name}" for name in names]
