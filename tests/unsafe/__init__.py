"""An app with a migration that the version before would not live through: for the linter."""
