from ipaddress import IPv4Address, IPv6Address

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from gateway_project.lib.egress import allowed, check_url_host, is_public
from gateway_project.lib.transport import EgressRefused

INSIDE_IPV4 = [
    "0.0.0.0",
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
]
INSIDE_IPV6 = [
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3ffe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2a00:1450::5efe:10.0.0.1",
    "2a00:1450::200:5efe:8.8.8.8",
]
OUTSIDE = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "198.17.255.255",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::200e",
]


@pytest.fixture(autouse=True)
def _nothing_is_listed(settings):
    settings.EGRESS_ALLOW = []


@pytest.mark.parametrize("address", INSIDE_IPV4 + INSIDE_IPV6)
def test_an_address_inside_a_house_is_not_public(address):
    assert not is_public(address)
    assert not allowed("provider.example", address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_world_is_public(address):
    assert is_public(address)
    assert allowed("provider.example", address)


@pytest.mark.parametrize("form", ["::ffff:{}", "64:ff9b::{}"])
@pytest.mark.parametrize("inside", INSIDE_IPV4)
def test_a_wrapped_address_is_judged_by_what_it_wraps(form, inside):
    assert not is_public(form.format(inside))
    assert is_public(form.format("8.8.8.8"))


@given(st.ip_addresses())
def test_the_guard_lets_out_to_nothing_that_the_standard_library_calls_local(address):
    wrapped = getattr(address, "ipv4_mapped", None)
    if is_public(address) and wrapped is None and not str(address).startswith("64:ff9b"):
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_mapping_an_address_changes_no_judgement(address):
    assert is_public(IPv6Address(f"::ffff:{address}")) == is_public(address)


def test_listed_networks_are_called(settings):
    settings.EGRESS_ALLOW = ["10.0.0.0/8", "::1", "fd12:3456::/32", "[fd00::1]", "192.168.1.7/24"]
    for address in ("10.1.2.3", "::1", "fd12:3456:1::1", "192.168.1.99", "::ffff:10.1.2.3"):
        assert allowed("notification-centre", address)
    for address in ("127.0.0.1", "::2", "fd12:3457::1", "192.168.2.1"):
        assert not allowed("notification-centre", address)


def test_listed_names_are_called_wherever_they_lead(settings):
    settings.EGRESS_ALLOW = ["mail.internal", "*.inside.example"]
    for host in ("mail.internal", "MAIL.internal.", "a.inside.example", "a.b.inside.example"):
        assert allowed(host, "10.0.0.1")
    for host in ("inside.example", "mail.internal.evil.example", "evilinside.example"):
        assert not allowed(host, "10.0.0.1")


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "http://mail.internal", "a b", "*", "a:25", ""])
def test_an_entry_that_cannot_be_read_is_named_by_its_position(settings, entry):
    settings.EGRESS_ALLOW = ["10.0.0.0/8", entry]
    with pytest.raises(ImproperlyConfigured, match="entry 2"):
        allowed("any.example", "10.0.0.1")


LOOPBACK_SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "0x7f000001",
    "0X7F.1",
    "0x7f.0x0.0x0.0x1",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0177.0x0.1",
    "0",
    "0.0.0.0",
    "[::1]",
    "::1",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[::1%1]",
    "127.0.0.1%1",
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020\u30020\u30021",
    "127\uff0e1",
    "\u2460\u2461\u2466.0.0.1",
    "127.0.0.\u00ad1",
    "%31%32%37.0.0.1",
    "localhost",
    "LocalHost.",
    "a.localhost",
    "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54",
]
NOT_HOSTS = ["", ".", "[::1", "::1::", "[::g]", "a b", "a/b", "user@host", "a\\b", "a..b", "x" * 64]


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
def test_a_host_that_spells_an_address_inside_is_refused(host):
    with pytest.raises(EgressRefused) as refusal:
        check_url_host(host)
    assert host not in str(refusal.value)


@pytest.mark.parametrize("host", NOT_HOSTS)
def test_what_is_no_host_at_all_is_refused(host):
    with pytest.raises(EgressRefused):
        check_url_host(host)


@given(st.ip_addresses(v=4, network="10.0.0.0/8"), st.sampled_from(["d", "x", "o"]))
def test_one_number_is_an_address_in_any_base(address, base):
    number = int(IPv4Address(address))
    spelling = {"d": str(number), "x": hex(number), "o": f"0{number:o}"}[base]
    with pytest.raises(EgressRefused):
        check_url_host(spelling)


@pytest.mark.parametrize(
    "host",
    [
        "api.smartico.ai",
        "b\u00fccher.example",
        "xn--bcher-kva.example",
        "8.8.8.8",
        "134744072",
        "[2606:4700::1111]",
        "redis",
        "127.0.0.1.nip.example",
        "localhost.example",
    ],
)
def test_names_and_public_addresses_pass_without_a_look_up(host, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", None)
    assert check_url_host(host) is None


def test_spelled_addresses_pass_where_they_are_listed(settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8", "::1"]
    for host in ("127.0.0.1", "2130706433", "[::1]", "localhost", "[::ffff:127.0.0.1]"):
        assert check_url_host(host) is None
    with pytest.raises(EgressRefused):
        check_url_host("10.0.0.1")
