"""OSC for livegraph. The controller and the node are listed in `plugin.py`."""
