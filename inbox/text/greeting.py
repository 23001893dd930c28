"""The first words to a customer, as a person would say them."""

from __future__ import annotations

from inbox.text.names import safe_name

# What names of shops, clubs and offices have in them; with one of these it is no person's.
ORGANISATIONS = """
academy agency and association bakery band bank bar bikes books brewery bureau café cafe cars
center centre city church clinic club coffee college company cooperative council cycles dental
design digital doctor dr events express farm films fitness flowers foods foundation friends
furniture garage gallery garden group guild gym hair home hospital hotel house inc institute
kitchen lab labs law library limited logistics ltd market media motors mr mrs ms museum music
of office online parcels partners pharmacy photo photography pizza press prof radio records
repair repairs restaurant salon school service services shop society sports station store
studio studios support systems taxi team tech the theatre tools tours toys trade travel trust
university wine wines works workshop
"""
OF_ORGANISATIONS = frozenset(ORGANISATIONS.split())


def greeting(customer_name: str, agent_name: str, team: str) -> str:
    """`Hi Carla, Ana from Acme here. `; who has no name that one can say is not called by it."""
    called = called_by(customer_name)
    hello = f"Hi {called}" if called else "Hello"
    return f"{hello}, {agent_name} from {safe_name(team)} here. "


def called_by(name: str) -> str:
    """The first name of what looks like a person's first and last, else the whole name: shops,
    titles and handles stay whole."""
    words = [word for word in safe_name(name).split() if any(map(str.isalpha, word))]
    if words and words[0].endswith("."):  # Prof. Ada Lovelace
        return " ".join(words)
    is_a_person = 2 <= len(words) <= 3 and all(map(could_be_of_a_person, words))
    return words[0] if is_a_person else " ".join(words)


def could_be_of_a_person(word: str) -> bool:
    """Titles (Dr.), shops (Bikes), CAPITALS and words of a handle are none."""
    letters = word.replace("-", "").replace("\u2019", "").replace("'", "")
    is_written_like_one = letters.isalpha() and not word.islower() and not word[1:].isupper()
    return is_written_like_one and word.casefold() not in OF_ORGANISATIONS
