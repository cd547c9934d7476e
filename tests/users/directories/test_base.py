"""What came of a question to a directory, for all who have asked it."""

from concurrent.futures import Future

import pytest

from gateway_project.lib.futures import done, failed
from gateway_project.lib.transport import NoAnswer
from users.directories.base import DirectoryDown, answer_of


@pytest.mark.parametrize(
    ("problem", "cause"),
    [(NoAnswer("the peer hangs up"), "the peer hangs up"), (ValueError("db.lan"), "ValueError")],
)
def test_each_who_waits_for_it_is_told_by_an_error_of_its_own(problem, cause):
    future = failed(problem)
    told = []
    for _ in range(2):
        with pytest.raises(DirectoryDown, match=f"^no answer: {cause}$") as down:
            answer_of(future)
        told.append(down.value)
    assert told[0] is not told[1]
    assert problem.__traceback__ is None


def test_one_that_does_not_come_in_time_is_none():
    with pytest.raises(DirectoryDown, match="no answer: TimeoutError"):
        answer_of(Future(), 0.0)


def test_an_answer_is_handed_on():
    assert answer_of(done("there")) == "there"
