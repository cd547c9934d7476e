"""The sources: what is seen of them when somebody writes."""

from gateway_project.operations.drill import sources


def test_what_is_written_again_is_new_or_gone_has_changed(tmp_path, settings, monkeypatch):
    settings.BASE_DIR = tmp_path
    package = tmp_path / "gateway_project"
    package.mkdir()
    for name in ("kept.py", "edited.py", "gone.py", "notes.md"):
        (package / name).write_text("a = 1\n")
    monkeypatch.setattr(sources.apps, "get_app_configs", list)
    before = sources.stamps()
    assert sources.changed_since(before) == []
    (package / "edited.py").write_text("a = 12\n")
    (package / "gone.py").unlink()
    (package / "new.py").touch()
    (package / "notes.md").write_text("nobody imports them\n")
    changed = ["gateway_project/edited.py", "gateway_project/gone.py", "gateway_project/new.py"]
    assert sources.changed_since(before) == changed


def test_the_packages_are_the_projects_own():
    names = {path.name for path in sources.packages()}
    assert {"gateway_project", "callbacks", "gateways", "messages_app"} <= names
    assert "admin" not in names
