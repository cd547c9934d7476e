"""The provider's ledger: what counts as a send, and what as a repeat."""

import pytest

from gateway_project.operations.drill.sends import SendLedger


@pytest.fixture
def ledger(tmp_path):
    ledger = SendLedger(tmp_path / "sends.sqlite3")
    yield ledger
    ledger.close()


def test_a_key_that_was_seen_before_sends_nothing_and_has_the_same_id(ledger):
    first, is_new = ledger.send("drill-1", "key-1")
    assert is_new
    assert ledger.send("drill-1", "key-1") == (first, False)
    assert ledger.counts() == {"drill-1": 1}


def test_another_key_or_none_sends_the_same_text_again(ledger):
    for key in ("key-1", "key-2", None, None):
        ledger.send("drill-1", key)
    assert ledger.counts() == {"drill-1": 4}


def test_it_is_read_by_others_while_it_is_written(ledger, tmp_path):
    ledger.send("drill-1", None)
    reader = SendLedger(tmp_path / "sends.sqlite3")
    assert reader.counts() == {"drill-1": 1}
    reader.close()
