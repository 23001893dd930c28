"""An app of the tests alone: a table to migrate while somebody holds it."""
