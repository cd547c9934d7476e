"""The table of providers in the documents."""

from docs import provider_table
from gateways.providers.registry import provider_classes


def test_the_table_in_the_documents_is_what_the_classes_say_now():
    text = provider_table.FILE.read_text()

    assert provider_table.written(text) == text, "python -m docs.provider_table writes it anew"


def test_every_provider_has_a_line_for_each_of_its_channels():
    lines = provider_table.table().splitlines()[2:]

    assert len(lines) == sum(len(cls.channels) for cls in provider_classes().values())
