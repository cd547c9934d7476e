"""The snapshot of the configuration that a process keeps."""

import pytest

from gateways import configuration
from gateways.loading import load
from tests.factories import LabelFactory

pytestmark = pytest.mark.django_db


def test_a_change_made_in_this_process_is_seen_at_once():
    before = configuration.current()
    label = LabelFactory()
    assert label.pk not in before.labels
    assert label.pk in configuration.current().labels


def test_a_change_made_while_the_rows_were_read_is_seen_at_once(monkeypatch):
    made = []

    def overtaken(version):
        found = load(version)
        if not made:
            made.append(LabelFactory())
            configuration.forget_now()
        return found

    monkeypatch.setattr(configuration, "load", overtaken)
    assert made == []
    assert configuration.current().labels == {}
    assert made[0].pk in configuration.current().labels
