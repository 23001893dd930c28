"""Lets a program of the tests work inside a running stack: HANDLED_DATA_DIR says which."""

from __future__ import annotations

import os
from pathlib import Path

# Importing config names the production settings unless something else is named already.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

import django

from config.embedded.data_dir import DataDir
from config.embedded.manage import take_over


def enter() -> None:
    """Takes the settings of the ./run that is on, and sets Django up."""
    assert take_over(DataDir(Path(os.environ["HANDLED_DATA_DIR"]))), "no ./run is on"
    django.setup()
