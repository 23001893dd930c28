"""A rehearsal of the deployment: production in everything, but X is the simulator's container.

No real handle can be connected here, and what real X holds stays untouched.
"""

from __future__ import annotations

import os

from config import demands

demands.require(os.environ, pretend_x=True)

from config.settings.deployed import *  # noqa: E402, F403 - settings are inherited whole
