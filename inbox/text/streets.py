"""How postal addresses are written where most customers live: a street, the number of a house."""

from __future__ import annotations

import re

HOUSE = r"\d{1,5}(?:[ -]?[A-Za-z])?"
NAME = r"[^\W\d_][\w'’.-]{0,30}"
# "12 Baker Street", not "2 people on the street".
SMALL_WORDS = r"(?!(?:on|in|the|a|an|of|your|our|their|for|by|to|at|from|down|per|more|days?)\b)"
ENGLISH = r"street|road|avenue|boulevard|lane|drive|court|terrace|crescent|close|square"
ENGLISH_SHORT = r"St|Rd|Ave|Blvd|Ln|Dr|Ct|Pl|Sq|Way|Place"
GERMAN_DUTCH = (
    r"(?:stra(?:ss|ß)e|str\.|weg|platz|allee|gasse|ufer|damm|straat|laan|plein|gracht|kade)"
)
ROMANCE_FIRST = r"rue|avenue|boulevard|bd|place|chemin|allée|impasse|quai|cours"
ROMANCE = (
    r"calle|c/|avenida|avda\.?|plaza|paseo|camino|via|viale|piazza|corso|rua|travessa|praça|largo"
)

STREETS = [
    re.compile(
        rf"(?<!\w){HOUSE},?(?:[ ]{SMALL_WORDS}{NAME}){{1,2}}[ ](?:{ENGLISH})(?!\w)", re.IGNORECASE
    ),
    re.compile(rf"(?<!\w){HOUSE},?(?:[ ][A-Z][\w'’.-]{{0,30}}){{1,3}}[ ](?:{ENGLISH_SHORT})(?!\w)"),
    re.compile(
        rf"(?<!\w)[^\W\d_]{{2,30}}(?:[ -][^\W\d_]{{2,30}})?[ -]?{GERMAN_DUTCH}[ ]{HOUSE}(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\w)\d{{1,4}}(?:[ ]?(?:bis|ter))?,?[ ](?:{ROMANCE_FIRST})(?:[ ]{NAME}){{1,4}}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\w)(?:{ROMANCE})(?:[ ]{NAME}){{1,4}},?[ ](?:n[.º°]?[ ]?)?{HOUSE}(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2}(?!\w)"),  # a British postcode
]
