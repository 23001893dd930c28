"""Deeds of the X side. Each is one function that a view, a task or a command calls."""
