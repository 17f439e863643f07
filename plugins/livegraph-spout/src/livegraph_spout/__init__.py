"""Spout for livegraph, by SpoutGL. The nodes are listed in `plugin.py`."""
