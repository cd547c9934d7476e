"""The audit is looked after."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway_project.lib import append_only
from gateway_project.operations.doctor.examination import examine_house
from gateways.audit_chain import standing
from gateways.audit_chain.standing import Verification
from gateways.models import AuditEntry
from tests.gateways.audit_chain.tampering import change, sealed, write
from tests.operations.doctor.conftest import of_house

pytestmark = pytest.mark.django_db


def verify():
    for _ in iter(Verification(), 0):
        pass


def test_tables_that_could_be_changed_are_a_problem():
    assert of_house("Tables").state == "green"
    append_only.lift(AuditEntry)
    assert of_house("Tables").state == "red"


def test_triggers_of_somebody_else_are_a_problem(monkeypatch):
    path = "gateway_project.operations.doctor.audit.strangers"
    monkeypatch.setattr(path, lambda model: {"lost"} if model is AuditEntry else set())
    finding = of_house("Tables")
    assert (finding.state, finding.text.endswith("on them: lost")) == ("red", True)


def test_nothing_written_down_is_no_problem():
    assert of_house("Chain").state == "grey"


def test_a_chain_is_good_once_it_was_verified(monkeypatch):
    sealed(2)
    assert of_house("Chain").state == "yellow"
    verify()
    finding = of_house("Chain")
    assert (finding.state, finding.text) == ("green", "whole, 2 entries, verified just now")
    later = timezone.now() + timedelta(days=3)
    monkeypatch.setattr("gateway_project.operations.doctor.examination.database_now", lambda: later)
    assert of_house("Chain").state == "yellow"


def test_a_fault_is_a_problem_that_names_the_entry():
    entries = sealed(2)
    change(entries[1], reason="another")
    verify()
    finding = of_house("Chain")
    assert finding.state == "red"
    assert str(entries[1].pk) in finding.text


def test_an_entry_that_nobody_seals_is_told(monkeypatch):
    write(1)
    assert "Seals" not in [finding.name for finding in examine_house().findings]
    monkeypatch.setattr(standing, "LATE", timedelta(seconds=-1))
    assert of_house("Seals").state == "yellow"
