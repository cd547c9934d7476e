from pathlib import Path

import pytest

from gateway_project.lib.vocabulary import Status
from gateways.providers.bounces import LONGEST, read_mail
from gateways.providers.return_paths import LONGEST_LOCAL, Forged, message_id_in, return_path
from tests.gateways.providers.canaries import EMAIL, MESSAGE_ID

RECORDED = Path(__file__).parent / "bounces"
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
EXPECTED: dict[str, list[tuple[Status | None, bool, str]]] = {
    "postfix_no_such_user": [(Status.FAILED, True, MESSAGE_ID)],
    "postfix_given_up": [(Status.FAILED, False, MESSAGE_ID)],
    "postfix_delayed": [],
    "postfix_delivered": [(Status.DELIVERED, False, MESSAGE_ID)],
    "exchange_mailbox_full": [(Status.FAILED, False, MESSAGE_ID)],
    "exchange_no_such_user": [(Status.FAILED, True, MESSAGE_ID)],
    "gmail_no_such_user": [(Status.FAILED, True, MESSAGE_ID)],
    "exim_spam": [(Status.FAILED, False, MESSAGE_ID)],
    "opensmtpd_error": [(Status.FAILED, True, MESSAGE_ID)],
    "sendmail_own_word": [(None, False, MESSAGE_ID)],
    "exim_plain": [(Status.FAILED, True, MESSAGE_ID)],
    "qmail": [(Status.FAILED, True, MESSAGE_ID)],
    "complaint_abuse": [(Status.COMPLAINED, False, MESSAGE_ID)],
    "complaint_opt_out": [(Status.UNSUBSCRIBED, False, MESSAGE_ID)],
    "complaint_not_spam": [],
    "complaint_own_word": [(None, False, MESSAGE_ID)],
    "complaint_without_our_id": [(Status.COMPLAINED, False, EMAIL)],
    "bounce_without_our_id": [(Status.FAILED, False, EMAIL)],
    "out_of_office": [],
    "answer_of_a_person": [],
}


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.eml").read_bytes()


def test_every_recorded_mail_is_expected_to_mean_something():
    assert {path.stem for path in RECORDED.glob("*.eml")} == set(EXPECTED)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_mail_is_read_as_expected(name, line_end):
    found = read_mail(recorded(name).replace(b"\n", line_end))

    told = [
        (each.status, each.is_permanent, each.message_id or each.recipient.reveal())
        for each in found
    ]
    assert told == EXPECTED[name]
    assert all((each.message_id is None) != (each.recipient is None) for each in found)


@pytest.mark.parametrize(
    ("name", "word"), [("sendmail_own_word", "quarantined"), ("complaint_own_word", "fraud")]
)
def test_a_word_that_nobody_knows_is_kept_for_a_person(name, word):
    (update,) = read_mail(recorded(name))

    assert (update.status, update.word) == (None, word)


@pytest.mark.parametrize(
    "code", ["5.1.0", "5.1.4", "5.1.7", "5.1.8", "5.2.1", "5.7.1", "4.1.1", "5.1.100", "5.0.0"]
)
def test_a_code_that_does_not_blame_the_address_closes_nothing(code):
    raw = recorded("postfix_no_such_user").replace(b"5.1.1", code.encode())

    (update,) = read_mail(raw)

    assert (update.status, update.is_permanent) == (Status.FAILED, False)


def test_the_reason_stands_in_the_diagnostic_where_the_status_says_nothing():
    raw = recorded("exim_spam").replace(b"5.7.1 Message rejected as spam", b"5.1.1 no such user")

    assert read_mail(raw)[0].is_permanent


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To"])
def test_the_return_path_names_the_message_whatever_else_the_mail_says(header):
    other = "01981f7a-0000-7000-8000-000000000002"
    arrived_at = return_path("bounces@amazing.co", other).upper()
    raw = f"{header}: <{arrived_at}>\n".encode() + recorded("postfix_no_such_user")

    (update,) = read_mail(raw)

    assert (update.message_id, update.recipient, update.is_permanent) == (other, None, True)


def test_its_words_are_told_without_whom_it_was_for_and_whom_it_was_forwarded_to():
    raw = recorded("postfix_no_such_user").replace(
        b"Final-Recipient: rfc822; canary@mailbox.example",
        b"Final-Recipient: rfc822; forwarded@elsewhere.example",
    )
    told = b"Diagnostic-Code: smtp; 550 5.1.1 user forwarded (for CANARY) not listed;"

    (update,) = read_mail(raw.replace(b"Diagnostic-Code: smtp;", told))

    assert "550 5.1.1 user [redacted] (for [redacted]) not listed" in update.detail
    assert (update.message_id, update.recipient) == (MESSAGE_ID, None)


def test_the_same_mail_tells_the_same_report():
    raw = recorded("bounce_without_our_id")

    assert read_mail(raw)[0].event_id == read_mail(raw)[0].event_id
    assert read_mail(raw)[0].event_id != read_mail(raw + b"\n")[0].event_id


def test_nothing_of_an_address_shows():
    (update,) = read_mail(recorded("bounce_without_our_id"))

    assert EMAIL not in repr(update)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Content-Type: multipart/report; boundary=\n\n--\n",
        b"From: mailer-daemon@x\nContent-Type: text/plain; charset=no-such\n"
        b"Content-Transfer-Encoding: base64\n\n\xff\xfe=",
        b"From: MAILER-DAEMON\nContent-Type: message/delivery-status\n\nAction: failed\n",
        b"From: =?utf-8?b?////?= <mailer-daemon@x>\nTo: \xff\xfe\n\n550 \xff",
        recorded("qmail").replace(b"canary@", "cänary@".encode()),
        recorded("postfix_no_such_user").replace(b"canary@", b"\xff@"),
    ],
)
def test_a_broken_mail_is_read_as_far_as_it_goes_or_refused(raw):
    try:
        updates = read_mail(raw)
    except UNREADABLE:
        return
    assert all(update.status in (Status.FAILED, None) for update in updates)


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * (LONGEST + 1),
        b"".join(
            f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n'.encode() for n in range(900)
        ),
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 1000,
        f"To: {return_path('bounces@amazing.co', MESSAGE_ID)}\n\nx".encode().replace(b"+a", b"+b"),
        b"To: bounces+" + b"a" * 42 + b"@amazing.co\n\nx",
    ],
)
def test_a_hostile_mail_is_refused(raw):
    with pytest.raises(UNREADABLE):
        read_mail(raw)


@pytest.mark.parametrize("filler", [b"<", b" ", b"a@", b"\n", b"550 5.1.1 ", b"Message-ID: <"])
def test_a_mail_of_any_content_is_got_through(filler):
    head = b"From: mailer-daemon@mailbox.example\n\nHi. This is the qmail-send program\n\n"

    assert read_mail(head + filler * (LONGEST // 2 // len(filler))) == []


# ---- Return paths


def test_a_return_path_names_its_message_in_any_case():
    path = return_path("bounces@amazing.co", MESSAGE_ID)

    assert path.startswith("bounces+")
    assert path.endswith("@amazing.co")
    assert len(path.partition("@")[0]) <= 64
    assert message_id_in(path) == message_id_in(path.upper()) == MESSAGE_ID


def test_the_longest_local_part_leaves_room_for_the_token():
    local = return_path("b" * LONGEST_LOCAL + "@amazing.co", MESSAGE_ID).partition("@")[0]

    assert len(local) == 64


def test_a_return_path_that_is_not_ours_is_known_as_forged():
    path = return_path("bounces@amazing.co", MESSAGE_ID)
    forged = path.replace("+a", "+b") if "+a" in path else path[:10] + "a" + path[11:]

    with pytest.raises(Forged):
        message_id_in(forged)


@pytest.mark.parametrize("text", ["", "bounces@amazing.co", "bounces+x@amazing.co", "+@"])
def test_an_address_without_a_token_names_nothing(text):
    assert message_id_in(text) is None
