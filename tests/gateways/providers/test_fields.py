import pytest
from django.core.exceptions import ValidationError

from gateways.providers.fields import CertificateField, HttpUrlField, SecretHeadersField
from tests.gateways.providers.canaries import CANARY
from tests.raw_peers import certificate, certificate_of_an_authority


@pytest.mark.parametrize(
    "url",
    [
        "https://api.us.webexconnect.io",
        "https://notification-centre:8080/messages?tenant=amazing",
        "https://[2a00:1450::1]/x",
        "https://xn--bcher-kva.example/",
    ],
)
def test_an_https_url_is_taken_as_it_stands(url):
    assert HttpUrlField().clean(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "host/path",
        f"https://user:{CANARY}@host/",
        f"https://{CANARY}@host/",
        f"https://host/#{CANARY}",
        "https://host:0/",
        "https://host:99999/",
        "https://ho st/",
        "https://host/\r\nX: y",
        "https://host\\@other/",
        "https://[::1/",
    ],
)
def test_anything_else_is_refused_without_being_repeated(url):
    with pytest.raises(ValidationError) as refused:
        HttpUrlField().clean(url)

    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("given", [{"X-Tenant": "amazing"}, '{"X-Tenant": "amazing"}'])
def test_headers_are_a_mapping_or_its_json(given):
    assert SecretHeadersField().clean(given) == {"X-Tenant": "amazing"}


@pytest.mark.parametrize("given", ["", None, {}])
def test_no_headers_are_an_empty_mapping(given):
    assert SecretHeadersField(required=False).clean(given) == {}


@pytest.mark.parametrize(
    "given",
    [
        f"X-Tenant: {CANARY}",
        f'["{CANARY}"]',
        {"X-Tenant": 7},
        {"X-Tenant": None},
        {"X Tenant": CANARY},
        {"": CANARY},
        {"X-Tenant": f"{CANARY}\r\nHost: other"},
        {"X-Tenant": f"{CANARY}é"},
        {"X-Tenant": ""},
        {7: CANARY},
    ],
)
def test_what_cannot_be_a_header_is_refused_without_being_repeated(given):
    with pytest.raises(ValidationError) as refused:
        SecretHeadersField().clean(given)

    assert CANARY not in str(refused.value)


def test_plain_http_is_for_hosts_inside_the_house_only(settings):
    url = "http://notification-centre:8080/messages?tenant=amazing"
    with pytest.raises(ValidationError):
        HttpUrlField().clean(url)
    settings.EGRESS_ALLOW = ["notification-centre"]
    assert HttpUrlField().clean(url) == url


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[::1]", "0x7f.1", "localhost"])
def test_an_address_that_must_not_be_called_is_refused_when_it_is_typed(settings, host):
    settings.EGRESS_ALLOW = []
    with pytest.raises(ValidationError):
        HttpUrlField().clean(f"https://{host}/x")


def test_an_authority_is_kept_without_what_stands_around_it(tmp_path):
    _, authority = certificate_of_an_authority(tmp_path, "house.example")

    kept = CertificateField().clean(f"subject: {CANARY}\n{authority}\nbye\n{authority}")

    assert kept == authority * 2
    assert CertificateField().clean("") == ""


def test_a_certificate_that_has_expired_comes_with_a_key_or_is_none_is_refused(tmp_path):
    with_key = certificate(tmp_path, "house.example").read_text()
    expired = certificate(tmp_path, "old.example", days=-1).read_text().partition("-----BEGIN P")[0]

    for text, problem in [
        (with_key, "private key"),
        (expired, "expired"),
        (CANARY, "PEM"),
        ("-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----", "PEM"),
    ]:
        with pytest.raises(ValidationError, match=problem) as refused:
            CertificateField().clean(text)
        assert CANARY not in str(refused.value)
