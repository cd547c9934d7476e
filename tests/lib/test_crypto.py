import base64
import traceback

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from gateway_project.lib.crypto import KeyRing, Undecryptable, key_ring, keyed_digest

OLD, NEW = b"o" * 32, b"n" * 32
COLUMN, ROW = "users_enduser.email", "row-1"
PLAIN = "canary@mailbox.example"

any_text = st.text(st.characters(exclude_categories=()))


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


@pytest.fixture
def ring():
    return KeyRing({"old": OLD})


@given(any_text)
def test_what_was_sealed_opens_again(plain):
    ring = KeyRing({"old": OLD})
    assert ring.open(ring.seal(plain, column=COLUMN, row=ROW), column=COLUMN, row=ROW) == plain


def test_a_sealed_value_names_its_key_and_hides_the_plain_one(ring):
    sealed = ring.seal(PLAIN, column=COLUMN, row=ROW)
    key_id, _, data = sealed.partition("$")
    assert key_id == "old"
    assert PLAIN.encode() not in base64.b64decode(data)


def test_the_same_value_is_never_sealed_alike(ring):
    assert len({ring.seal(PLAIN, column=COLUMN, row=ROW) for _ in range(20)}) == 20


@pytest.mark.parametrize(
    ("column", "row"),
    [(COLUMN, "row-2"), ("users_enduser.phone", ROW), ("users_other.email", ROW), (COLUMN, "")],
)
def test_a_value_that_was_moved_does_not_open(ring, column, row):
    sealed = ring.seal(PLAIN, column=COLUMN, row=ROW)
    with pytest.raises(Undecryptable):
        ring.open(sealed, column=column, row=row)


@pytest.mark.parametrize("keys", [{"old": NEW}, {"new": OLD}])
def test_another_ring_does_not_open_it(ring, keys):
    sealed = ring.seal(PLAIN, column=COLUMN, row=ROW)
    with pytest.raises(Undecryptable):
        KeyRing(keys).open(sealed, column=COLUMN, row=ROW)


def test_no_single_flipped_bit_goes_unnoticed(ring):
    sealed = ring.seal(PLAIN, column=COLUMN, row=ROW)
    key_id, _, data = sealed.partition("$")
    whole = base64.b64decode(data)
    for bit in range(len(whole) * 8):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Undecryptable):
            ring.open(f"{key_id}${encoded(bytes(damaged))}", column=COLUMN, row=ROW)


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "$",
        "old",
        "old$",
        "old$AAAA",
        "old$====",
        "old$ä",
        "old$\ud800",
        PLAIN,
        "old$" + "A" * 16,
    ],
)
def test_what_was_never_sealed_does_not_open_and_is_not_told(ring, damaged):
    with pytest.raises(Undecryptable) as raised:
        ring.open(damaged, column=COLUMN, row=ROW)
    assert PLAIN not in "".join(traceback.format_exception(raised.value))


def test_a_value_cut_short_does_not_open(ring):
    sealed = ring.seal(PLAIN, column=COLUMN, row=ROW)
    for length in range(len(sealed)):
        with pytest.raises(Undecryptable):
            ring.open(sealed[:length], column=COLUMN, row=ROW)


def test_after_a_rotation_the_first_key_seals_and_all_open(ring):
    before = ring.seal(PLAIN, column=COLUMN, row=ROW)
    rotated = KeyRing.parse(f"new:{encoded(NEW)},old:{encoded(OLD)}")
    after = rotated.seal(PLAIN, column=COLUMN, row=ROW)
    assert rotated.current == "new"
    assert after.startswith("new$")
    assert rotated.open(before, column=COLUMN, row=ROW) == PLAIN
    assert rotated.open(after, column=COLUMN, row=ROW) == PLAIN
    with pytest.raises(Undecryptable):
        ring.open(after, column=COLUMN, row=ROW)


@pytest.mark.parametrize("between", [",", " ", "\n", ", \n", ",,"])
def test_keys_may_stand_on_lines_of_their_own(between):
    ring = KeyRing.parse(f"\n a:{encoded(OLD)}{between}b:{encoded(NEW)}\n")
    assert (ring.current, repr(ring)) == ("a", "<KeyRing of 2, current a>")


def test_keys_may_be_url_safe_base64():
    key = b"\xfb\xff" * 16
    ring = KeyRing.parse(f"a:{base64.urlsafe_b64encode(key).decode()}")
    sealed = ring.seal(PLAIN, column=COLUMN, row=ROW)
    assert KeyRing({"a": key}).open(sealed, column=COLUMN, row=ROW) == PLAIN


SECRET_PART = "c2VjcmV0LXBhcnQt"


@pytest.mark.parametrize(
    ("text", "position"),
    [
        (SECRET_PART, 1),
        (f"a:{SECRET_PART}", 1),
        (f"a:{SECRET_PART}!", 1),
        (f"a:{SECRET_PART}ä", 1),
        (f"a:{encoded(OLD)}{SECRET_PART}", 1),
        (f"{SECRET_PART * 2}:{encoded(OLD)}", 1),
        (f"a b:{SECRET_PART}", 1),
        (f":{encoded(OLD)}", 1),
        (f"a:{encoded(OLD)},a:{SECRET_PART}", 2),
        (f"a:{encoded(OLD)},a:{encoded(NEW)}", 2),
        (f"a:{encoded(OLD)},b:{SECRET_PART}", 2),
    ],
)
def test_unreadable_keys_are_named_by_position_and_never_shown(text, position):
    with pytest.raises(ImproperlyConfigured, match=f"entry {position}") as raised:
        KeyRing.parse(text)
    told = str(raised.value) + repr(raised.value.__cause__)
    assert SECRET_PART not in told
    assert encoded(OLD) not in told


@pytest.mark.parametrize("text", ["", " \n,"])
def test_no_key_at_all_is_refused(text):
    with pytest.raises(ImproperlyConfigured, match="PII_KEYS is empty"):
        KeyRing.parse(text)


def test_a_ring_shows_no_key(ring):
    ring.seal(PLAIN, column=COLUMN, row=ROW)
    assert repr(ring) == "<KeyRing of 1, current old>"


def test_the_ring_of_the_settings_follows_them(settings):
    settings.PII_KEYS = f"a:{encoded(OLD)}"
    assert key_ring().current == "a"
    settings.PII_KEYS = f"b:{encoded(NEW)},a:{encoded(OLD)}"
    assert key_ring().current == "b"


def test_a_digest_is_the_same_for_text_and_its_bytes():
    digest = keyed_digest("grüße", purpose="a")
    assert digest == keyed_digest("grüße".encode(), purpose="a")
    assert len(digest) == 64


def test_a_digest_depends_on_its_purpose():
    assert keyed_digest("x", purpose="a") != keyed_digest("x", purpose="b")


def test_a_digest_depends_on_the_key(settings):
    settings.PII_INDEX_KEY = "one"
    one = keyed_digest("x", purpose="a")
    settings.PII_INDEX_KEY = "two"
    assert one != keyed_digest("x", purpose="a")


def test_a_digest_without_a_key_is_refused(settings):
    settings.PII_INDEX_KEY = ""
    with pytest.raises(ImproperlyConfigured, match="PII_INDEX_KEY"):
        keyed_digest("x", purpose="a")


@given(st.binary() | any_text)
def test_everything_has_a_digest(value):
    assert len(keyed_digest(value, purpose="a")) == 64
