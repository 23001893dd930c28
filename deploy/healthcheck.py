"""The health checks of the compose file: exit 0 when a part is well, else 1 and why.

`healthcheck.py http://127.0.0.1:8000/ready` or `healthcheck.py FILE`, touched within a minute.
Standard library only and nothing of Handled: it runs every few seconds in every container.
"""

import http.client
import os
import sys
import time
from urllib.parse import urlsplit

FRESH_FOR_S = 60
ANSWERS_WITHIN_S = 4


def main(target: str) -> str:
    """What is wrong, or nothing."""
    try:
        return ask(target) if target.startswith("http://") else age(target)
    except OSError as error:
        return str(error)


def ask(url: str) -> str:
    """Asks by the public name, as the proxy would."""
    parts = urlsplit(url)
    public = urlsplit(os.environ.get("HANDLED_WEB_URL", "")).netloc or parts.netloc
    connection = http.client.HTTPConnection(parts.netloc, timeout=ANSWERS_WITHIN_S)
    connection.request("GET", parts.path, headers={"Host": public, "Connection": "close"})
    answer = connection.getresponse()
    return "" if answer.status == 200 else f"{answer.status} {answer.read(200)!r}"


def age(file: str) -> str:
    seconds = time.time() - os.stat(file).st_mtime
    return "" if seconds < FRESH_FOR_S else f"no sign of life for {seconds:.0f} s"


if __name__ == "__main__":
    if reason := main(sys.argv[1]):
        sys.exit(f"unhealthy: {reason}")
