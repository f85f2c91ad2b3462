"""Serves the bare application with Daphne, set up as our server does: `python -m benchmarks.bare_daphne PORT`."""

from daphne.server import Server  # isort: skip  (installs Twisted's reactor)

import sys

from benchmarks.bare_app import application


def main() -> None:
    """Serves until the process is ended."""
    endpoint = f"tcp:port={sys.argv[1]}:interface=127.0.0.1"
    Server(application, endpoints=[endpoint], server_name="dattss", application_close_timeout=3).run()


if __name__ == "__main__":
    main()
