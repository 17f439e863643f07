"""`python -m livegraph`."""

from livegraph.cli.main import run

run()
