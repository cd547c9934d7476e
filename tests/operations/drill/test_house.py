"""The house: what its log says of who has ended."""

import pytest

from gateway_project.operations.drill.house import PREFIX, TAIL_BYTES, House

TROUBLE = '{"event": "database trouble: OperationalError", "level": "error"}'
TRACEBACK = """Traceback (most recent call last):
  File "wsgi.py", line 1, in <module>
    raise ImportError("no name")
ImportError: no name"""


@pytest.fixture
def house(tmp_path, settings, monkeypatch):
    settings.DATA_DIR = tmp_path / f"{PREFIX}00000000"
    settings.DATA_DIR.mkdir()
    monkeypatch.setattr("gateway_project.operations.drill.house.SECRETS", ())
    return House()


@pytest.mark.parametrize(
    ("log", "last_words"),
    [
        ([TROUBLE, TRACEBACK, TROUBLE, TRACEBACK, TROUBLE], ["ImportError: no name"]),
        ([TROUBLE, "Address in use", TROUBLE], ["Address in use"]),
        ([TROUBLE], []),
        ([], []),
        ([TRACEBACK, "x" * 80, *[TROUBLE] * (TAIL_BYTES // len(TROUBLE))], []),
    ],
)
def test_the_last_words_are_the_reason_rather_than_what_is_in_trouble_and_goes_on(
    house, log, last_words
):
    house.log.write_text("\n".join(log))
    assert house.last_words() == last_words
