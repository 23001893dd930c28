"""Production: refuses weak or missing secrets and a simulated X before anything else."""

from __future__ import annotations

import os

from config import demands

demands.require(os.environ)

from config.settings.deployed import *  # noqa: E402, F403 - settings are inherited whole
