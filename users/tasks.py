"""The drains of this floor."""

from gateway_project.lib.draining import Drain, register
from users.directories.refreshing import DRAIN, RefreshWork, due_labels
from users.imports import draining as imports

register(Drain(name=imports.DRAIN, due=imports.due_runs, open=imports.ImportWork, look_every=0.5))
register(Drain(name=DRAIN, due=due_labels, open=RefreshWork))
