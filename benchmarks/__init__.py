"""Peers beside us in one run: `make bench`, or `python -m benchmarks [ROW…] [--rounds N]`."""
