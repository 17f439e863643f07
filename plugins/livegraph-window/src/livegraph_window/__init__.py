"""A window for livegraph, on SDL by pygame-ce. The node is listed in `plugin.py`."""
