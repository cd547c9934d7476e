"""The mail server of the alerts, as it is written in one setting."""

import pytest

from gateway_project.operations.alerts.ways import mail_settings


@pytest.fixture(autouse=True)
def _sender(settings):
    settings.ALERTS_FROM = "Gatehouse <gatehouse@example.com>"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.com", ("starttls", 587, None, None)),
        ("smtps://mail.example.com", ("tls", 465, None, None)),
        ("smtp://us%40er:p%3Aw@mail.example.com:2525", ("starttls", 2525, "us@er", "p:w")),
        ("smtp+plain://127.0.0.1", ("none", 25, None, None)),
    ],
)
def test_the_scheme_says_how_it_is_encrypted(settings, url, expected):
    settings.ALERTS_EMAIL_URL = url
    found = mail_settings()
    names = ("security", "port", "username", "password")
    assert tuple(found.get(name) for name in names) == expected


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://user@mail.example.com",
        "smtp+plain://user:canary@mail.example.com",
        "smtp://mail.example.com:port",
    ],
)
def test_what_is_not_understood_is_refused_without_echo(settings, url):
    settings.ALERTS_EMAIL_URL = url
    with pytest.raises(ValueError, match="ALERTS_EMAIL_URL|[Pp]ort") as refused:
        mail_settings()
    assert "canary" not in str(refused.value)
