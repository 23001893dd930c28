"""Handled under load while parts of it are killed, and the proof that nothing came of it.

Customers write, agents answer, something breaks; afterwards what X swears to, what every actor said
and what the database holds are laid side by side. docs/reliability.md has the checks,
docs/development.md says how to run them and how to read what they print.
"""
