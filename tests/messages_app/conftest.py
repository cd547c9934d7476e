import pytest

from tests.messages_app.house import House, build_house


@pytest.fixture
def house(db) -> House:
    return build_house()
