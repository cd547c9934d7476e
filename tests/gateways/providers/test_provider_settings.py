"""The page of the providers' settings in the documents."""

import pytest

from docs import provider_settings
from gateways.providers.registry import provider_classes
from tests.gateways.providers.examples import CONFIGS

KINDS = {
    "mapping": dict,
    "mapping or list": dict | list,
    "list": list | str,
    "number": int,
    "`true` or `false`": bool,
}


def section(slug: str) -> str:
    (found,) = [
        part
        for part in provider_settings.document().split("\n## ")
        if f"`provider: {slug}`" in part
    ]
    return found


def test_the_page_in_the_documents_is_what_the_forms_say_now():
    current = provider_settings.FILE.read_text()

    assert provider_settings.document() == current, "python -m docs.provider_table writes it anew"


@pytest.mark.parametrize("slug", list(provider_classes()))
def test_every_key_has_one_line(slug):
    rows = [line for line in section(slug).splitlines() if line.startswith("| `")]

    keys = [row.split("`")[1] for row in rows]
    assert sorted(keys) == sorted(provider_classes()[slug].Config.base_fields)
    assert all(row.count(" | ") == len(provider_settings.HEAD) - 1 for row in rows)


@pytest.mark.parametrize("slug", list(provider_classes()))
def test_an_account_is_written_with_the_kinds_of_values_that_the_page_names(slug):
    fields = provider_classes()[slug].Config.base_fields

    for name, value in CONFIGS[slug].items():
        kind = provider_settings.kind_of(fields[name])
        assert isinstance(value, KINDS.get(kind, str)), (name, kind)


def test_what_is_needed_and_what_is_secret_is_marked():
    smtp = section("smtp")

    assert "| `host` | needed | text |" in smtp
    assert "| `password` | secret | text |" in smtp
    assert "| `imap_security` |  | `tls`, `starttls`, `none` | `tls` |" in smtp
    assert "| `imap_password` | secret |" in smtp
    assert "bounces+&lt;token&gt;@example.com" in smtp
