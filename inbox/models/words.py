"""The words of messages and notes, as Postgres indexes and finds them (docs/search.md).

`handled` is the text search configuration `simple`, without accents: any language's words, no
stemming. The index is on the expression, so that whoever writes a row, in whatever way, can't
forget it, and a text that is gone is found no more.

X's escaped form is indexed as it is: the parser passes over `&amp;` as it would over `&`. Links
stand in the text as t.co; where they lead is in the entities, so that is indexed beside it. Marks
that would make Postgres see a path, a host or a signed number are spaces: `ORD-4711` is found by
`4711`.
"""

from __future__ import annotations

from django.contrib.postgres.search import SearchVectorField
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Cast

CONFIGURATION = "handled"
LINKS = "$.urls[*].expanded_url"
NO_WORDS = "-/+.@~<>"


def words_of(text: F | Func) -> Func:
    spaced = Func(text, Value(NO_WORDS), Value(" " * len(NO_WORDS)), function="translate")
    return Func(
        Value(CONFIGURATION), spaced, function="to_tsvector", output_field=SearchVectorField()
    )


MESSAGE_WORDS = words_of(
    Func(
        F("text"),
        Cast(Func(F("entities"), Value(LINKS), function="jsonb_path_query_array"), TextField()),
        template="(%(expressions)s)",
        arg_joiner=" || ' ' || ",
        output_field=TextField(),
    )
)
NOTE_WORDS = words_of(F("text"))
