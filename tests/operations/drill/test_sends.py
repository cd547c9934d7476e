"""The provider's ledger: what counts as a send, and what as a repeat."""

from dataclasses import replace

import pytest

from gateway_project.operations.drill.sends import Reported, SendLedger


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


def test_what_is_reported_is_taken_when_it_was_answered(ledger):
    report = Reported(uid="drill-1", provider_id="p-1", status="opened", names_message=False)
    numbers = [ledger.tell(report), ledger.tell(report)]
    ledger.was_taken(numbers[1])
    never, taken = ledger.reports()
    assert never == report
    assert taken.is_taken
    assert replace(taken, taken_at=None) == report


def test_what_is_refused_is_not_sent(ledger):
    ledger.refuse("drill-1")
    ledger.refuse("drill-1")
    assert ledger.refusals() == {"drill-1"}
    assert ledger.counts() == {}
