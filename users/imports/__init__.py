"""Imports of whole files: how far each has come, by which it goes on where it was broken off."""
