"""Benches: how fast Handled is, each line beside its floor. `docs/performance.md` explains them.

__main__, options     what is asked for
surroundings          Postgres, Valkey and web servers of its own, stopped at the end
filling, town, talk,
invention, copying    `bench/fill`: a database full of invented conversations, by COPY
checking              whether the product itself would have kept the same of them
ingest, bodies        `bench/ingest`: the webhook, and the applying of what it kept
desk, recording,
plans                 `bench/desk`: the pages of the desk, and how Postgres finds their rows
floor                 the bare Django site that every page is measured against
load, tables          who asks, and what is printed
"""


class Refused(Exception):
    """A bench can't be run like this; the text says what to do."""
