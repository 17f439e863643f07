"""A virtual camera for livegraph, by pyvirtualcam. The node is listed in `plugin.py`."""
