"""The page that says what is tried on which provider."""

import pytest

from docs import provider_contract
from gateways.providers.registry import provider_classes


def test_every_provider_is_tried_on_everything_or_a_reason_is_given():
    page = provider_contract.document()

    assert provider_contract.FILE.read_text() == page, "python -m docs.provider_table writes it"
    assert all(f"| {cls.title} |" in page for cls in provider_classes().values())


def test_every_test_that_the_page_names_is_there_and_left_out_nowhere():
    for test in provider_contract.named_tests():
        marks = {mark.name for mark in getattr(test, "pytestmark", [])}
        assert not marks & {"skip", "skipif", "xfail"}


def test_a_provider_without_test_or_reason_is_noticed(monkeypatch):
    monkeypatch.setattr(provider_contract, "OWN", {})

    with pytest.raises(ValueError, match="either a test or a reason is needed"):
        provider_contract.document()
