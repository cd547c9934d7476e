"""What this floor tells the one above it."""

from django.dispatch import Signal

end_users_erased = Signal()
"""Sent inside the erasing transaction with `end_user_ids`, a list, before the rows are gone."""
