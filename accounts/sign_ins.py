"""Who may sign in to the demo. Plain data: `./run` prints it without loading Django.

The passwords are public: `./run` prints them, the README names them.
"""

from __future__ import annotations

from typing import TypedDict


class SignIn(TypedDict):
    """`role` is `owner`, or the person's Role on their brands."""

    role: str
    name: str
    email: str
    password: str


SIGN_INS: list[SignIn] = [
    {
        "role": "owner",
        "name": "Olga Owner",
        "email": "olga@demo.example",
        "password": "olga-runs-the-house",
    },
    {
        "role": "admin",
        "name": "Ada Admin",
        "email": "ada@demo.example",
        "password": "ada-keeps-the-keys",
    },
    {
        "role": "manager",
        "name": "Sam Manager",
        "email": "sam@demo.example",
        "password": "sam-watches-the-clock",
    },
    {
        "role": "agent",
        "name": "Ana Agent",
        "email": "ana@demo.example",
        "password": "ana-answers-people",
    },
    {
        "role": "agent",
        "name": "Ben Agent",
        "email": "ben@demo.example",
        "password": "ben-answers-people",
    },
    {
        "role": "agent",
        "name": "Zoe Agent",
        "email": "zoe@demo.example",
        "password": "zoe-works-elsewhere",
    },
]
