"""An app whose second migration does what a test plans, for the linter to read."""

from typing import Any

PLANNED: list[Any] = []
