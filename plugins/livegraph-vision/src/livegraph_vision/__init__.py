"""Classic computer vision for livegraph, on OpenCV. The nodes are listed in `plugin.py`."""
