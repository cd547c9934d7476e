"""The audit is verified once a day, and what was found is told."""

from datetime import timedelta

import pytest

from gateways.audit_chain import standing
from gateways.audit_chain.standing import Verification, last_verification
from gateways.models import Action, AuditEntry
from tests.gateways.audit_chain.tampering import change, sealed

pytestmark = pytest.mark.django_db


def run(duty):
    """A tick after the other until there is nothing to do."""
    return sum(iter(duty, 0))


def verifications():
    return AuditEntry.objects.filter(action=Action.VERIFIED).count()


def test_a_house_in_which_nothing_was_done_is_not_verified():
    assert run(Verification()) == 0
    assert last_verification() is None


def test_the_first_one_is_due_at_once_and_the_next_after_a_day(monkeypatch):
    entries = sealed(3)
    assert run(Verification()) == 3
    found = last_verification()
    assert found is not None
    assert (found.by, found.count, found.is_whole) == ("scheduler", 3, True)
    assert found.head == entries[-1].seal.digest
    assert run(Verification()) == 0
    monkeypatch.setattr(standing, "EVERY", timedelta(0))
    run(Verification())
    assert verifications() == 2


def test_a_fault_is_told_with_the_first_entry_that_has_it(caplog):
    entries = sealed(3)
    change(entries[1], reason="another")
    run(Verification())
    found = last_verification()
    assert found is not None
    assert not found.is_whole
    assert str(entries[1].pk) in found.problem
    assert str(entries[1].pk) in caplog.text


def test_what_two_clocks_find_together_is_written_down_once():
    sealed(1)
    one, other = Verification(), Verification()
    assert one() == other() == 1
    run(one)
    run(other)
    assert verifications() == 1


def test_a_result_that_somebody_made_up_does_not_count():
    entries = sealed(2)
    change(entries[0], reason="another")
    run(Verification())
    lie = AuditEntry.objects.get(action=Action.VERIFIED)
    change(lie, reason="", changes={**lie.changes, "found": standing.WHOLE})
    assert last_verification() is None


def test_the_head_is_in_the_log(caplog):
    caplog.set_level("INFO")
    entries = sealed(1)
    run(Verification())
    assert entries[0].seal.digest in caplog.text
