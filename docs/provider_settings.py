"""docs/provider-settings.md, made of the forms that the providers declare: what `config` may hold.

`python -m docs.provider_table` writes it anew.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("provider-settings.md")
BEGINNING = """# What a gateway's `config` holds

The keys under `config` of a gateway in the configuration file, for each provider, in the groups and
the order of the wizard. This page is made from the forms that check the file.

- A key that is **needed** has no default; all others may be left out.
- A **secret** is written as `"${NAME}"` and read from the environment; an export leaves it out.
- A key that is not listed is an error. So is a wrong value: `apply_config --dry-run` names it.
- `{{ message.text }}` and the like are [placeholders](your-own-http-api.md#placeholders).

"""
HEAD = ("key", "", "value", "default", "what it is")
NEEDED, SECRET, NONE = "needed", "secret", "–"


def document() -> str:
    """The whole page as Markdown."""
    from gateways.providers.registry import provider_classes

    return BEGINNING + "\n".join("".join(_section(cls)) for cls in provider_classes().values())


def kind_of(field: Any) -> str:
    """What is written for a field in YAML."""
    from gateways.providers.fields import SecretHeadersField
    from gateways.providers.tables import JsonField, JsonTemplateField, TableField, WordsField

    kinds = {
        TableField: "mapping",
        WordsField: "list",
        JsonTemplateField: "mapping or list",
        JsonField: "mapping",
        SecretHeadersField: "mapping",
    }
    found = (name for cls, name in kinds.items() if isinstance(field, cls))
    return next(found, "") or _plain_kind(field)


def _plain_kind(field: Any) -> str:
    from django import forms

    if isinstance(field, forms.BooleanField):
        return "`true` or `false`"
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        return ", ".join(f"`{key}`" for key, _ in choices if key != "")
    return "number" if isinstance(field, forms.IntegerField) else "text"


def _section(cls: Any) -> Iterator[str]:
    channels = ", ".join(f"`{channel}`" for channel in cls.channels)
    yield f"## {cls.title}\n\n`provider: {cls.slug}` on {channels}. {cls.needs}\n"
    if not cls.Config.groups:
        yield "\nIt has no settings.\n"
    for group in cls.Config.groups:
        yield f"\n**{group.title}.**{_scope(group)}\n\n"
        yield from (_row(line) for line in (HEAD, tuple("---" for _ in HEAD)))
        yield from (_row(_cells(name, cls.Config.base_fields[name])) for name in group.fields)


def _scope(group: Any) -> str:
    only = ", ".join(f"`{channel}`" for channel in group.channels)
    words = [f"(only on {only})"] if only else []
    return "".join(f" {each}" for each in [*words, *filter(None, [group.note])])


def _cells(name: str, field: Any) -> tuple[str, ...]:
    from gateways.providers.fields import Secret

    is_needed = field.required and field.initial is None
    marks = [NEEDED] if is_needed else []
    marks += [SECRET] if isinstance(field, Secret) else []
    return f"`{name}`", ", ".join(marks), kind_of(field), _default(field), _words(field)


def _default(field: Any) -> str:
    from django import forms

    if isinstance(field, forms.BooleanField):
        return "`false`"
    return NONE if field.initial is None else f"`{field.initial}`"


def _words(field: Any) -> str:
    """The label and the help, in which a bar or an angle would end a cell or begin a tag."""
    label = f"{field.label}. " if field.label else ""
    text = f"{label}{field.help_text}".replace("|", "\\|")
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |\n"


def main() -> None:
    FILE.write_text(document())
