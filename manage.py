#!/usr/bin/env python
"""The command line of Purser."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.runtime.on_demand import server_for

    with server_for(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
