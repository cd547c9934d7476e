"""`manage.py verify_audit`."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from gateways.models import Action, AuditEntry
from tests.gateways.audit_chain.tampering import change, sealed, without, write

pytestmark = pytest.mark.django_db


def said(*arguments):
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_it_says_how_long_the_chain_is_and_where_it_ends():
    entries = sealed(3)
    write(1)
    text = said()
    assert "entries  3" in text
    assert entries[-1].seal.digest in text
    assert "1 to be sealed" in text
    assert "is whole" in text


def test_it_writes_down_that_it_was_there():
    entries = sealed(2)
    said()
    entry = AuditEntry.objects.get(action=Action.VERIFIED)
    assert entry.actor_name == "verify_audit"
    assert entry.changes == {"entries": 2, "head": entries[1].seal.digest, "found": "whole"}


def test_it_fails_and_names_the_first_fault():
    entries = sealed(4)
    change(entries[1], reason="another")
    change(entries[2], reason="another")
    with pytest.raises(CommandError, match=rf"{entries[1].pk} \(number 2\).* 2 faults"):
        said()
    assert AuditEntry.objects.filter(action=Action.VERIFIED, changes__found="2 faults").exists()


def test_a_head_that_was_kept_is_met_or_missed(tmp_path):
    anchor = tmp_path / "anchor.json"
    (one, two) = sealed(2)
    said("--anchor", str(anchor))
    kept = json.loads(anchor.read_text())
    assert (kept["entries"], kept["head"]) == (2, two.seal.digest)
    assert "stands at number 2" in said("--expect", kept["head"].upper())
    with without(two.seal, two), pytest.raises(CommandError, match="cut off"):
        said("--expect", kept["head"])


def test_no_anchor_is_written_of_a_chain_that_is_not_whole(tmp_path):
    (entry,) = sealed(1)
    change(entry, reason="another")
    with pytest.raises(CommandError):
        said("--anchor", str(tmp_path / "anchor.json"))
    assert list(tmp_path.iterdir()) == []


def test_an_anchor_that_cannot_be_written_is_told(tmp_path):
    sealed(1)
    with pytest.raises(CommandError, match="No such file"):
        said("--anchor", str(tmp_path / "nowhere" / "anchor.json"))
