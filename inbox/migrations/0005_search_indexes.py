from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations, models
from django.db.models.functions import Cast, Upper


def words(text):
    spaced = models.Func(
        text, models.Value("-/+.@~<>"), models.Value(" " * 8), function="translate"
    )
    return models.Func(
        models.Value("handled"),
        spaced,
        function="to_tsvector",
        output_field=SearchVectorField(),
    )


TEXT_AND_LINKS = models.Func(
    models.F("text"),
    Cast(
        models.Func(
            models.F("entities"),
            models.Value("$.urls[*].expanded_url"),
            function="jsonb_path_query_array",
        ),
        models.TextField(),
    ),
    template="(%(expressions)s)",
    arg_joiner=" || ' ' || ",
    output_field=models.TextField(),
)


class Migration(migrations.Migration):
    # Big tables: the indexes are made while the desk goes on.
    atomic = False

    dependencies = [
        ("inbox", "0004_search_words"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=GinIndex(
                words(TEXT_AND_LINKS),
                gin_pending_list_limit=1024,
                name="msg_words",
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                models.F("brand"),
                models.OrderBy(models.F("sequence"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="msg_of_brand",
            ),
        ),
        AddIndexConcurrently(
            model_name="note",
            index=GinIndex(words(models.F("text")), gin_pending_list_limit=1024, name="note_words"),
        ),
        AddIndexConcurrently(
            model_name="note",
            index=models.Index(
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="note_newest",
            ),
        ),
        AddIndexConcurrently(
            model_name="contact",
            index=GinIndex(
                OpClass(Upper("handle"), "gin_trgm_ops"),
                OpClass(Upper("name"), "gin_trgm_ops"),
                name="contact_called",
            ),
        ),
        AddIndexConcurrently(
            model_name="contacthandle",
            index=GinIndex(
                OpClass(Upper("handle"), "gin_trgm_ops"),
                name="contact_was_called",
            ),
        ),
    ]
