"""What passes for an answer to what is no HTTP any more."""

from pathlib import Path

import pytest

from tests.fuzz.conversation import assert_answered
from tests.fuzz.house import Fuzzed
from tests.fuzz.requests import Sent

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def server() -> Fuzzed:
    return Fuzzed(port=0, token="", log=Path(), answers=set())


def test_a_changed_byte_may_have_made_a_path_of_it_that_is_not_found(server):
    assert_answered(server, Sent(b"POST /api/v[1/sms HTTP/1.1\r\n\r\n", is_http=False), NOT_FOUND)


@pytest.mark.parametrize("path", [b"/api/v1/sms", b"/API//v1/sms?a=b", b"/api/v1/%73ms"])
def test_smarticos_own_paths_are_always_found(server, path):
    with pytest.raises(AssertionError, match="404"):
        assert_answered(server, Sent(b"POST " + path + b" HTTP/1.1\r\n", is_http=False), NOT_FOUND)
