"""The sandbox asks for nothing."""

CONFIG: dict[str, object] = {}
