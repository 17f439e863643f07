"""Sound as signals for livegraph, by NumPy. The node is listed in `plugin.py`."""
