"""`./manage.py create_owner`: the first person of an installation."""

from __future__ import annotations

from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from accounts.actions.owner import AddressTaken, OwnerExists, create_owner, current_owner
from accounts.links import set_up_address
from accounts.models import User


class Command(BaseCommand):
    help = "Creates the owner, or prints a one-time link with which somebody becomes the owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--link", action="store_true", help="print a one-time set-up link")
        parser.add_argument("--email")
        parser.add_argument("--password", help="asked for when it is not given")
        parser.add_argument("--name", default="Owner")

    def handle(self, *, link: bool, email: str | None, **options: Any) -> None:
        if link:
            self.print_link()
        elif email:
            self.create(email.strip().lower(), **options)
        else:
            raise CommandError("Give --email, or --link for a one-time set-up link.")

    def print_link(self) -> None:
        if owner := current_owner():
            raise CommandError(
                f"{owner.email} is the owner already, so there is nothing to set up."
            )
        self.stdout.write(set_up_address())

    def create(self, email: str, *, name: str, password: str | None, **_: Any) -> None:
        """The same owner a second time is no error, and changes nothing."""
        owner = current_owner()
        if owner and owner.email == email:
            self.stdout.write(f"{email} is the owner already.")
            return
        password = password or getpass("Password of the owner: ")
        self.judge(email, name, password)
        try:
            create_owner(email=email, name=name, password=password)
        except OwnerExists as error:
            way_out = f"./manage.py changepassword {error.owner.email}"
            raise CommandError(f"{error} A forgotten password: {way_out}") from error
        except AddressTaken as error:
            raise CommandError(f"Someone has the address {email} already.") from error
        self.stdout.write(f"{email} is the owner.")

    def judge(self, email: str, name: str, password: str) -> None:
        try:
            validate_email(email)
            validate_password(password, User(email=email, name=name))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
