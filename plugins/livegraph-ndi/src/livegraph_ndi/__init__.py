"""NDI for livegraph, by cyndilib. The nodes are listed in `plugin.py`."""
