"""The roof's pages of rows, found by Django's admin."""

from gateway_project.back_office import audit, people
from gateway_project.back_office.messages import page as messages

__all__ = ["audit", "messages", "people"]
