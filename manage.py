#!/usr/bin/env python
"""The command line of Purser."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.runtime.on_demand import server_for
    from core import walls

    # Whoever may run commands here holds the house's keys. Requests that a command serves are narrowed all the same.
    walls.open_by_default()
    with server_for(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
