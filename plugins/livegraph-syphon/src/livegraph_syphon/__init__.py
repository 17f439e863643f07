"""Syphon for livegraph, by syphon-python. The nodes are listed in `plugin.py`."""
