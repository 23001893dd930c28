"""The first owner of an installation without the demo: `python -m config.embedded.make_owner`.

Takes the password from the environment, where `ps` doesn't show it, and prints one line of JSON:
{"made": e-mail}, {"link": address} when nobody was named, {} when there is an owner already.
"""

from __future__ import annotations

import json
import os
import sys
from io import StringIO

import django
from django.core.management import CommandError, call_command


def main() -> int:
    django.setup()
    from accounts.actions.owner import current_owner

    if current_owner():
        print(json.dumps({}))
        return 0
    email = os.environ.get("HANDLED_OWNER_EMAIL")
    password = os.environ.get("HANDLED_OWNER_PASSWORD")
    said = StringIO()
    try:
        if email and password:
            call_command("create_owner", email=email, password=password, stdout=said)
            print(json.dumps({"made": email}))
        else:
            call_command("create_owner", link=True, stdout=said)
            print(json.dumps({"link": said.getvalue().strip()}))
    except CommandError as error:
        print(f"The owner was not made: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
