"""What was done to the audit behind the gateway's back is found and named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from gateway_project.lib.identifiers import new_id
from gateways.audit_chain import verifying
from gateways.audit_chain.digests import seal_digest
from gateways.audit_chain.standing import conclude
from gateways.audit_chain.verifying import Fault
from gateways.auditing import record
from gateways.models import Action, AuditEntry, AuditSeal, Label
from tests.factories import LabelFactory
from tests.gateways.audit_chain.tampering import (
    change,
    fences_down,
    seal,
    sealed,
    verified,
    without,
    write,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _short_batches(monkeypatch):
    monkeypatch.setattr(verifying, "BATCH", 2)


def first_of(walk):
    assert walk.first is not None
    return walk.first.fault, walk.first.number, walk.first.entry_id


def test_a_chain_as_it_was_written_is_whole():
    sealed(5)
    write(2)
    walk = verified()
    assert (walk.is_whole, walk.count, walk.waiting) == (True, 5, 2)
    assert walk.head == AuditSeal.objects.get(number=5).digest


def test_an_empty_one_is_whole():
    assert verified().is_whole


@pytest.mark.parametrize(
    "values",
    [
        {"actor_name": "somebody else"},
        {"reason": "a better reason"},
        {"action": Action.ADDED},
        {"changes": {"number": 7}},
        {"label_id": 7},
        {"subject_id": "7"},
        {"actor_id": 7},
    ],
    ids=lambda values: next(iter(values)),
)
def test_a_changed_entry_is_named(values):
    entries = sealed(5)
    change(entries[2], **values)
    walk = verified()
    assert first_of(walk) == (Fault.CHANGED, 3, entries[2].pk)
    assert walk.faults == 1


def test_so_is_one_that_was_changed_with_its_digest():
    entries = sealed(3)
    change(entries[1], reason="a better reason", digest="0" * 64)
    assert first_of(verified()) == (Fault.CHANGED, 2, entries[1].pk)


def test_so_is_one_that_was_changed_before_it_was_sealed():
    entries = write(3)
    change(entries[1], reason="a better reason")
    assert first_of(verified()) == (Fault.CHANGED, 0, entries[1].pk)
    seal()
    assert first_of(verified()) == (Fault.CHANGED, 2, entries[1].pk)


def test_an_entry_that_was_taken_out_is_named():
    entries = sealed(5)
    with without(entries[3]):
        walk = verified()
        assert first_of(walk) == (Fault.TAKEN_OUT, 4, entries[3].pk)
        assert walk.faults == 1


def test_so_is_the_place_of_one_that_was_taken_out_with_its_seal():
    entries = sealed(5)
    with without(entries[3].seal, entries[3]):
        walk = verified()
        assert first_of(walk) == (Fault.GAP, 4, None)
        assert walk.faults == 1


def test_entries_that_changed_places_are_named():
    one, two, _ = sealed(3)
    with without(one.seal, two.seal), fences_down():
        swapped = [
            AuditSeal(number=1, entry=two, digest=one.seal.digest),
            AuditSeal(number=2, entry=one, digest=two.seal.digest),
        ]
        AuditSeal.objects.bulk_create(swapped)
        assert first_of(verified()) == (Fault.MOVED, 1, two.pk)
        for row in swapped:
            AuditSeal.objects.filter(pk=row.pk)._raw_delete("default")


def made_up(like, **values):
    """A row that is put in by SQL: nobody computes its digest."""
    columns = {name: getattr(like, name) for name in COLUMNS} | values
    entry = AuditEntry(**columns)
    AuditEntry.objects.bulk_create([entry])
    change(entry, digest=columns["digest"])
    return entry


COLUMNS = [field.attname for field in AuditEntry._meta.concrete_fields]


def test_a_made_up_entry_is_named_also_when_the_sealer_has_taken_it():
    (real,) = sealed(1)
    copy = made_up(real, id=new_id())
    assert first_of(verified()) == (Fault.CHANGED, 0, copy.pk)
    seal()
    assert first_of(verified()) == (Fault.CHANGED, 2, copy.pk)


def test_who_makes_the_chain_anew_needs_the_key(settings):
    real = sealed(3)
    key = settings.PII_INDEX_KEY
    settings.PII_INDEX_KEY = "a key of the attacker's own"
    previous = real[0].seal.digest
    for number, entry in enumerate(real[1:], start=2):
        previous = seal_digest(previous, number, entry.pk, entry.digest)
        change(entry.seal, digest=previous)
    settings.PII_INDEX_KEY = key
    assert first_of(verified()) == (Fault.MOVED, 2, real[1].pk)


def test_an_end_that_was_cut_off_is_found_by_a_kept_digest():
    entries = sealed(5)
    kept = verified().head
    sealed(2)
    walk = verified(kept)
    assert (walk.is_whole, walk.met) == (True, {kept: 5})
    cut = [row for entry in entries[4:] for row in (entry.seal, entry)]
    later = AuditEntry.objects.filter(seal__number__gt=5).select_related("seal")
    cut += [row for entry in later for row in (entry.seal, entry)]
    with without(*cut):
        assert verified().is_whole
        walk = verified(kept)
        assert walk.first is not None
        assert walk.first.fault == Fault.CUT_OFF
        assert kept in str(walk.first)


def test_an_end_that_was_put_together_anew_is_found_by_a_verification_in_it():
    """The sealer gives new places to genuine entries whose own were taken, also for an attacker."""
    entries = sealed(4)
    conclude(verified(), "scheduler")
    seal()
    told = AuditEntry.objects.get(action=Action.VERIFIED)
    later = [entries[2], entries[3], told]
    seals = list(AuditSeal.objects.filter(entry__in=[entries[1], *later]))
    with without(*seals, entries[1]):
        seal()
        assert first_of(verified()) == (Fault.REWRITTEN, 4, told.pk)
        with fences_down():
            AuditSeal.objects.filter(number__gt=1)._raw_delete("default")


def test_a_verification_that_found_faults_proves_no_later_one_wrong():
    entries = sealed(2)
    digest = entries[1].seal.digest
    change(entries[1].seal, digest="0" * 64)
    conclude(verified(), "scheduler")
    change(entries[1].seal, digest=digest)
    seal()
    assert verified().is_whole


def test_what_was_recorded_about_has_gone_and_the_chain_is_whole():
    label = LabelFactory()
    record("apply_config", Action.ADDED, label)
    seal()
    label.delete()
    assert verified().is_whole


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


class AnyEntry(TestCase):
    @given(st.dictionaries(WORDS, VALUES, max_size=4), WORDS.map(lambda text: text[:300]))
    def test_whatever_it_says_it_comes_back_as_it_was_sealed(self, changes, reason):
        record("apply_config", Action.CHANGED, Label, changes=changes, reason=reason)
        assert verified().first is None
