"""The type in which personal data and secrets travel: it shows itself to nobody by accident."""

from typing import Any, NoReturn, Self

REDACTED = "[redacted]"


class Personal:
    """A value that prints, logs and formats as nothing; `reveal()` is the one way in.

    It equals only itself, so that nothing is learnt by comparing, and is true whatever it holds.
    It refuses pickling and JSON, so that it cannot end in a task, a session or a cache.
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def reveal(self) -> Any:
        """The plain value. Called where an address is used, not where it is carried."""
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return REDACTED

    def __bool__(self) -> bool:
        return True

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> NoReturn:
        self.__reduce__()

    def __reduce__(self) -> NoReturn:
        raise TypeError("personal data is not pickled; pass the id of its row instead")
