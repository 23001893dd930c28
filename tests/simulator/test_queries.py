"""The language of searches and rules: what X refuses, in X's words, and what counts as a word."""

from __future__ import annotations

import pytest

from x_simulator.query import InvalidQuery, parse
from x_simulator.words import says

NEGATIVE = (
    "Rules must contain a non-negation term (at position {at})",
    "Rules must contain at least one positive, non-stopword clause (at position {at})",
)
ALONE = ("is/has/lang cannot be used as a standalone operator (at position {at})",)
UNKNOWN = "Reference to invalid operator '{name}'. Operator is not available in current product"


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("-acme", NEGATIVE),
        ("--acme", NEGATIVE),
        ("-acme -from:bob", NEGATIVE),
        ("has:media", ALONE),
        ("lang:en", ALONE),
        ("has:links OR is:retweet", ALONE),
        ("-acme has:links", ALONE),
    ],
)
def test_every_alternative_needs_something_to_look_for(query, problems):
    with pytest.raises(InvalidQuery) as caught:
        parse(query)
    assert caught.value.problems == tuple(problem.format(at=1) for problem in problems)


@pytest.mark.parametrize(("query", "at"), [("acme OR -bob", 9), ("acme OR (has:media -bob)", 10)])
def test_it_names_the_alternative_that_looks_for_nothing(query, at):
    with pytest.raises(InvalidQuery, match=rf"position {at}\)"):
        parse(query)


@pytest.mark.parametrize(
    "query",
    [
        "acme",
        "acme -bob is:reply",
        "acme (has:media OR has:links)",
        "(acme OR globex) lang:en -is:retweet",
        "conversation_id:12 from:acme OR conversation_id:13 from:12",
        '"two words" OR #tag OR $ABC OR @name OR url:"https://acme.test/a"',
        "((acme))",
        "OR-nate order ANDy",
        "😃 OR 猫",
    ],
)
def test_it_takes_what_x_takes(query):
    parse(query)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "no viable alternative at input '<EOF>' (at position 1)"),
        ("  ", "no viable alternative at input '<EOF>' (at position 1)"),
        ("OR acme", "no viable alternative at input 'OR' (at position 1)"),
        ("acme OR", "no viable alternative at input '<EOF>' (at position 8)"),
        ("acme ()", "no viable alternative at input ')' (at position 7)"),
        ("acme -(bob OR carl)", "no viable alternative at input '-(' (at position 6)"),
        ("(acme", "missing ')' at '<EOF>' (at position 6)"),
        ("(acme OR bob))", "missing EOF at ')' (at position 14)"),
        ("'two words'", "no viable alternative at character ''' (at position 1)"),
        ("acme - bob", "no viable alternative at character '-' (at position 6)"),
        ('acme "open', "no viable alternative at character '\"' (at position 6)"),
        ("from:", "no viable alternative at input 'from:' (at position 1)"),
        ("conversation_id:x", "no viable alternative at input 'conversation_id:x' (at position 1)"),
    ],
)
def test_it_refuses_what_makes_no_sense(query, problem):
    with pytest.raises(InvalidQuery) as caught:
        parse(query)
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("colour:red acme", "colour"),
        ("acme place:berlin", "place"),
        ("https://acme.test", "https"),
        ("acme has:polls", "has:polls"),
        ("acme is:blue", "is:blue"),
    ],
)
def test_it_refuses_operators_it_does_not_have(query, name):
    with pytest.raises(InvalidQuery) as caught:
        parse(query)
    assert caught.value.problems[0].startswith(UNKNOWN.format(name=name))


@pytest.mark.parametrize(("query", "at"), [("acme AND bob", 6), ("and", 1)])
def test_and_is_no_operator(query, at):
    with pytest.raises(InvalidQuery) as caught:
        parse(query)
    told = str(caught.value)
    assert told.startswith("Ambiguous use of and as a keyword.")
    assert told.endswith(f"(at position {at})")


def test_groups_are_not_endless():
    parse("(" * 50 + "acme" + ")" * 50)
    with pytest.raises(InvalidQuery):
        parse("(" * 51 + "acme" + ")" * 51)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("My KETTLE hums", "kettle"),
        ("kettle, broken.", "kettle broken"),
        ("it's #late", "late"),
        ("a &lt;b&gt; &amp; c", "b c"),
        ("冷蔵庫が壊れた", "壊"),
        ("so 😃 today", "😃"),
        ("Größe", "GRÖSSE"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_words_stand_between_whatever_is_no_letter(text, phrase):
    assert says(text, phrase, 0)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("teakettle", "kettle"),
        ("kettles", "kettle"),
        ("broken kettle", "kettle broken"),
        ("ben &amp; co", "amp"),
        ("cafe", "café"),
        ("anything", "..."),
    ],
)
def test_parts_of_words_and_words_apart_are_something_else(text, phrase):
    assert not says(text, phrase, 0)


def test_a_search_does_not_mind_accents():
    assert says("cafe", "café", 1)
    assert says("café", "cafe", 1)
