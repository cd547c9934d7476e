import email
import smtplib
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.header import decode_header, make_header

import pytest
from django.core.exceptions import ValidationError

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import (
    ID_HEADER,
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
)
from gateways.providers.registry import validate_config
from gateways.providers.return_paths import message_id_in, return_path
from gateways.providers.smtp import Smtp
from tests.gateways.providers.canaries import CANARY, EMAIL, MESSAGE_ID, PUBLIC_URL
from tests.gateways.providers.examples import account, message
from tests.gateways.providers.mail_peer import HANG_UP, MailPeer, mail_peer, self_signed

MESSAGE = message(Channel.EMAIL)


@pytest.fixture
def peer() -> Iterator[MailPeer]:
    with mail_peer() as running:
        yield running


@pytest.fixture
def smtp(peer) -> Iterator[Smtp]:
    provider = account_at(peer)
    yield provider
    provider.close()


def account_at(peer: MailPeer, **changes: object) -> Smtp:
    plain = {"host": "127.0.0.1", "security": "none", "username": None, "password": None}
    return account("smtp", port=peer.port, **(plain | changes))


def failure(provider: Smtp, sent=MESSAGE) -> ProviderError:
    try:
        with pytest.raises(ProviderError) as raised:
            provider.send(sent)
    finally:
        provider.close()
    return raised.value


def unfolded(peer: MailPeer, name: str) -> str:
    """A header of the only mail. Not by the newer parser, which leaves folds in encoded words."""
    (envelope,) = peer.envelopes
    header = email.message_from_bytes(envelope.content)[name]
    return str(make_header(decode_header(header))).strip()


# ---- The mail


def test_a_mail_arrives_with_both_its_bodies(smtp, peer):
    smtp.send(MESSAGE)

    (mail,) = peer.mails
    assert mail["From"] == "Amazing <noreply@amazing.co>"
    assert mail["To"] == EMAIL
    assert mail["Subject"] == "The best offer"
    assert mail["Date"]
    assert mail.get_content_type() == "multipart/alternative"
    assert mail.get_body(["plain"]).get_content().strip() == "Best offer ever"
    assert mail.get_body(["html"]).get_content().strip() == "<p>Best offer ever</p>"
    assert peer.envelopes[0].mail_from == "noreply@amazing.co"
    assert peer.envelopes[0].rcpt_tos == [EMAIL]


@pytest.mark.parametrize(
    ("bodies", "content_type"),
    [({"html": ""}, "text/plain"), ({"text": ""}, "text/html")],
)
def test_a_mail_with_one_body_is_not_multipart(smtp, peer, bodies, content_type):
    smtp.send(message(Channel.EMAIL, **bodies))

    assert peer.mails[0].get_content_type() == content_type
    assert "Best offer ever" in peer.mails[0].get_content()


def test_a_mail_is_named_by_our_id(smtp, peer):
    result = smtp.send(MESSAGE)

    (mail,) = peer.mails
    assert result.provider_id == mail["Message-ID"] == f"<{MESSAGE_ID}@amazing.co>"
    assert mail[ID_HEADER] == MESSAGE_ID


def test_a_reply_to_is_set_only_where_there_is_one(smtp, peer):
    smtp.send(MESSAGE)
    smtp.send(message(Channel.EMAIL, reply_to='"Help, please" <help@amazing.co>'))

    without, with_one = peer.mails
    assert without["Reply-To"] is None
    assert with_one["Reply-To"].addresses[0].display_name == "Help, please"
    assert with_one["Reply-To"].addresses[0].addr_spec == "help@amazing.co"


def test_text_of_every_script_arrives_as_it_was_written(smtp, peer):
    name = "Ürümqi 乌鲁木齐 " * 8
    subject = "Лучшее предложение 🎰 " * 8
    smtp.send(
        message(
            Channel.EMAIL,
            sender=f'"{name.strip()}" <noreply@bücher.example>',
            recipient=Personal("canary@post-büro.example"),
            subject=subject.strip(),
            text="Zażółć gęślą jaźń",
            html="<p>" + "ß" * 2000 + "</p>",
        )
    )

    (mail,) = peer.mails
    assert unfolded(peer, "From") == f"{name.strip()} <noreply@xn--bcher-kva.example>"
    assert unfolded(peer, "Subject") == subject.strip()
    assert mail.get_body(["plain"]).get_content().strip() == "Zażółć gęślą jaźń"
    assert mail.get_body(["html"]).get_content().strip() == "<p>" + "ß" * 2000 + "</p>"
    assert peer.envelopes[0].rcpt_tos == ["canary@xn--post-bro-c6a.example"]
    assert peer.envelopes[0].content.isascii()
    assert max(map(len, peer.envelopes[0].content.splitlines())) <= 998


def test_a_line_that_begins_with_a_dot_keeps_it(smtp, peer):
    smtp.send(message(Channel.EMAIL, html="", text="one\n.\n..three"))

    assert peer.mails[0].get_content().splitlines() == ["one", ".", "..three"]


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Offer\r\nBcc: all@amazing.co"},
        {"subject": "Offer\x0bBcc: all@amazing.co\x0c\r"},
        {"sender": "Amazing <noreply@amazing.co>\r\nBcc: <all@amazing.co>"},
        {"sender": "a@amazing.co, b@amazing.co"},
        {"reply_to": "not an address"},
        {"recipient": Personal("cänary@mailbox.example")},
        {"recipient": None},
        {"text": "half a character: \ud800"},
    ],
)
def test_what_cannot_be_a_mail_is_rejected_without_being_repeated(smtp, peer, changes):
    problem = failure(smtp, message(Channel.EMAIL, **changes))

    assert type(problem) is MessageRejected
    assert "amazing" not in problem.detail
    assert "nary" not in problem.detail
    assert peer.envelopes == []


def test_without_a_from_the_gateway_is_at_fault(smtp):
    assert type(failure(smtp, message(Channel.EMAIL, sender=""))) is GatewayMisconfigured


# ---- The server's answers


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("MAIL", "451 later", GatewayUnavailable),
        ("MAIL", "530 sign in first", GatewayMisconfigured),
        ("MAIL", "552 too large", MessageRejected),
        ("MAIL", "553 not your address", GatewayMisconfigured),
        ("RCPT", "450 greylisted", GatewayUnavailable),
        ("RCPT", "550 no such user", MessageRejected),
        ("RCPT", "530 sign in first", GatewayMisconfigured),
        ("DATA", "451 later", GatewayUnavailable),
        ("DATA", "452 full", GatewayUnavailable),
        ("DATA", "552 too large", MessageRejected),
        ("DATA", "554 looks like spam", MessageRejected),
    ],
)
def test_a_refusal_means_what_it_says(smtp, peer, command, answer, expected):
    peer.answers[command] = answer

    problem = failure(smtp)

    assert type(problem) is expected
    assert answer[:3] in problem.detail


@pytest.mark.parametrize(
    ("command", "answer", "is_permanent"),
    [
        ("RCPT", "550 5.1.1 <jane@example.org>: no such user", True),
        ("RCPT", "556 5.1.10 takes no mail", True),
        ("RCPT", "550 no such user", False),
        ("RCPT", "550 5.7.1 relaying denied", False),
        ("RCPT", "552 5.2.2 mailbox full", False),
        ("DATA", "554 5.1.1 no such user", False),
    ],
)
def test_an_address_is_at_fault_only_where_the_server_says_so_of_the_recipient(
    smtp, peer, command, answer, is_permanent
):
    peer.answers[command] = answer

    assert failure(smtp).is_permanent == is_permanent


def test_after_a_refusal_the_connection_is_still_good(smtp, peer):
    peer.answers["RCPT"] = "550 no such user"
    with pytest.raises(MessageRejected):
        smtp.send(MESSAGE)
    peer.answers.clear()

    smtp.send(MESSAGE)

    assert len(peer.envelopes) == 1
    assert len(peer.connections) == 1


def test_a_server_that_hangs_up_before_the_body_was_sent_nothing(smtp, peer):
    peer.answers["RCPT"] = HANG_UP

    assert isinstance(failure(smtp), GatewayUnavailable)


def test_a_server_that_hangs_up_after_the_body_may_have_taken_it(smtp, peer):
    peer.answers["DATA"] = HANG_UP

    assert type(failure(smtp)) is OutcomeUnknown


def test_a_kept_connection_that_breaks_after_the_body_is_not_tried_anew(smtp, peer):
    smtp.send(MESSAGE)
    peer.answers["DATA"] = HANG_UP

    assert type(failure(smtp)) is OutcomeUnknown
    assert len(peer.connections) == 1


def test_an_unreadable_answer_to_the_body_leaves_the_outcome_unknown(smtp, peer, monkeypatch):
    def mumbling(connection, body):
        connection.body_written = True
        raise smtplib.SMTPDataError(-1, b"mumble")

    monkeypatch.setattr(smtplib.SMTP, "data", mumbling)

    assert type(failure(smtp)) is OutcomeUnknown


def test_nobody_listening_is_unavailable():
    with mail_peer() as gone:
        pass

    assert type(failure(account_at(gone))) is GatewayUnavailable


def test_an_address_inside_the_house_is_not_called_unless_listed(smtp, peer, settings):
    settings.EGRESS_ALLOW = []

    assert type(failure(smtp)) is GatewayMisconfigured
    assert peer.connections == []


# ---- Kept connections


def test_mails_share_one_connection(smtp, peer):
    for _ in range(3):
        smtp.send(MESSAGE)

    assert len(peer.envelopes) == 3
    assert len(peer.connections) == 1


def test_a_connection_that_the_server_dropped_is_made_anew(smtp, peer):
    smtp.send(MESSAGE)
    peer.hang_up()

    smtp.send(MESSAGE)

    assert len(peer.envelopes) == 2
    assert len(peer.connections) == 2


def test_a_server_that_wants_a_new_connection_gets_one(smtp, peer, monkeypatch):
    smtp.send(MESSAGE)
    answers = iter(["421 enough for one connection", "250 OK"])
    monkeypatch.setattr(peer, "_answer", lambda command, server: next(answers, "250 OK"))

    smtp.send(MESSAGE)

    assert len(peer.envelopes) == 2
    assert len(peer.connections) == 2


def test_every_thread_has_its_own_connection(smtp, peer):
    meeting = threading.Barrier(2)

    def send(_: int) -> None:
        meeting.wait(10)
        smtp.send(MESSAGE)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(send, range(2)))

    assert len(peer.envelopes) == 2
    assert len(peer.connections) == 2


# ---- TLS and signing in


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    context, _ = self_signed(tmp_path)
    with mail_peer(tls_context=context) as peer:
        problem = failure(account_at(peer, host="localhost", security="starttls"))

    assert type(problem) is GatewayMisconfigured
    assert "certificate" in problem.detail
    assert peer.envelopes == []


def test_a_certificate_for_another_host_is_refused(tmp_path, monkeypatch):
    context, trusted = self_signed(tmp_path, host="other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with mail_peer(tls_context=context) as peer:
        problem = failure(account_at(peer, host="localhost", security="starttls"))

    assert type(problem) is GatewayMisconfigured
    assert peer.envelopes == []


@pytest.mark.parametrize(("security", "is_tls"), [("starttls", False), ("tls", True)])
def test_a_trusted_certificate_lets_a_mail_through(tmp_path, monkeypatch, security, is_tls):
    context, trusted = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with mail_peer(tls_context=context, is_tls=is_tls) as peer:
        provider = account_at(peer, host="localhost", security=security)
        provider.send(MESSAGE)
        found = provider.check_connection()
        provider.close()

    assert len(peer.envelopes) == 1
    assert "TLSv1" in found


def test_a_server_without_starttls_gets_nothing_in_the_clear(peer):
    problem = failure(account_at(peer, security="starttls"))

    assert type(problem) is GatewayMisconfigured
    assert peer.envelopes == []


def test_tls_to_a_server_that_speaks_none_is_a_fault_of_the_configuration(peer):
    assert type(failure(account_at(peer, security="tls"))) is GatewayMisconfigured


def test_the_right_password_lets_a_mail_through(peer):
    provider = account_at(peer, username="amazing", password="right")

    provider.send(MESSAGE)
    provider.close()

    assert len(peer.envelopes) == 1


def test_the_wrong_password_is_a_fault_of_the_configuration(peer):
    problem = failure(account_at(peer, username="amazing", password=CANARY))

    assert type(problem) is GatewayMisconfigured
    assert CANARY not in problem.detail
    assert peer.envelopes == []


# ---- The connection check


def test_the_connection_check_says_what_it_found_and_sends_nothing(peer):
    found = account_at(peer, username="amazing", password="right").check_connection()

    assert "without encryption" in found
    assert "signed in" in found
    assert peer.envelopes == []


def test_the_connection_check_finds_a_wrong_password(peer):
    with pytest.raises(GatewayMisconfigured):
        account_at(peer, username="amazing", password="wrong").check_connection()


# ---- The configuration


@pytest.mark.parametrize(
    ("security", "port"), [("none", 25), ("starttls", 587), ("tls", 465), (None, 587)]
)
def test_the_port_follows_the_security_where_none_is_given(security, port):
    config = {"host": "mail.example"} | ({"security": security} if security else {})

    assert validate_config(Smtp, config)["port"] == port


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"host": "mail.example", "security": "ssl"},
        {"host": "mail.example", "port": 65536},
        {"host": "mail example"},
        {"host": "user@mail.example"},
        {"host": "mail.example", "username": "amazing"},
        {"host": "mail.example", "password": "right"},
        {"host": "mail.example", "username": "amazing", "password": "pässword"},
    ],
)
def test_a_configuration_that_cannot_work_is_refused(config):
    with pytest.raises(ValidationError):
        validate_config(Smtp, config)


def test_a_password_keeps_its_spaces():
    config = {"host": "mail.example", "username": "amazing", "password": " right "}

    assert validate_config(Smtp, config)["password"] == " right "


def test_tls_is_never_unverified():
    context = account("smtp")._new_backend().ssl_context

    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


# ---- Links of our own

LINKED = message(
    Channel.EMAIL, html='<body><p><a href="https://amazing.co/offer">Offer</a></p></body>'
)


def test_a_mail_carries_no_link_of_ours_unless_it_is_wanted(smtp, peer):
    smtp.send(LINKED)

    (mail,) = peer.mails
    assert mail["List-Unsubscribe"] is None
    assert mail.get_body(["html"]).get_content().strip() == LINKED.html
    assert b"/callbacks/" not in peer.envelopes[0].content


def test_a_mail_carries_the_links_that_are_wanted(peer):
    wanted = dict.fromkeys(("list_unsubscribe", "track_opens", "track_clicks"), True)
    provider = account_at(peer, **wanted)
    provider.send(LINKED)
    provider.close()

    (mail,) = peer.mails
    html = mail.get_body(["html"]).get_content()
    assert unfolded(peer, "List-Unsubscribe").startswith(f"<{PUBLIC_URL}/callbacks/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f'<a href="{PUBLIC_URL}/callbacks/clicked/' in html
    assert f'<img src="{PUBLIC_URL}/callbacks/opened/' in html
    assert html.strip().endswith('alt=""></body>')
    assert mail.get_body(["plain"]).get_content().strip() == "Best offer ever"


def test_a_mail_without_html_is_not_tracked(peer):
    provider = account_at(peer, track_opens=True, track_clicks=True)
    provider.send(message(Channel.EMAIL, html=""))
    provider.close()

    assert peer.mails[0].get_content_type() == "text/plain"
    assert b"/callbacks/" not in peer.envelopes[0].content


@pytest.mark.parametrize(("security", "is_tls"), [("starttls", False), ("tls", True)])
def test_an_authority_of_the_house_is_trusted_and_no_other(tmp_path, security, is_tls):
    context, trusted = self_signed(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    _, stranger = self_signed(other)
    with mail_peer(tls_context=context, is_tls=is_tls) as peer:
        changes = {"host": "localhost", "security": security}
        provider = account_at(peer, **changes, authority=trusted.read_text())
        provider.send(MESSAGE)
        provider.close()
        problem = failure(account_at(peer, **changes, authority=stranger.read_text()))

    assert len(peer.envelopes) == 1
    assert type(problem) is GatewayMisconfigured


# ---- Return paths


def test_a_mail_returns_to_an_address_of_its_own_and_shows_the_same_from(peer):
    provider = account_at(peer, bounce_address="bounces@returns.amazing.co")
    result = provider.send(MESSAGE)
    provider.close()

    (mail,) = peer.mails
    sender = peer.envelopes[0].mail_from
    assert sender == return_path("bounces@returns.amazing.co", MESSAGE_ID)
    assert message_id_in(sender) == MESSAGE_ID
    assert mail.get_all("From") == ["Amazing <noreply@amazing.co>"]
    assert result.provider_id == f"<{MESSAGE_ID}@amazing.co>"


@pytest.mark.parametrize(
    "address", ["bounces", "a b@amazing.co", "a+b@amazing.co", "b" * 22 + "@amazing.co"]
)
def test_an_address_that_leaves_no_room_for_a_token_is_refused(address):
    with pytest.raises(ValidationError):
        validate_config(Smtp, {"host": "mail.example", "bounce_address": address})
