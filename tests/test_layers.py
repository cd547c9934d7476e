"""The floors of the house: an app imports only downwards. The contracts stand in pyproject.toml."""

import ast

import pytest
from django.conf import settings
from importlinter.cli import lint_imports

ADAPTERS = sorted((settings.BASE_DIR / "gateways" / "providers").rglob("*.py"))


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_import_goes_down_the_staircase():
    contracts = str(settings.BASE_DIR / "pyproject.toml")
    assert lint_imports(config_filename=contracts, cache_dir=None, no_cache=True) == 0


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.name)
def test_a_provider_adapter_knows_no_database_of_django(path):
    assert [name for name in imported_modules(path) if name.startswith("django.db")] == []
