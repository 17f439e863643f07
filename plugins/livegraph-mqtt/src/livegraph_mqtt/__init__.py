"""MQTT for livegraph, by aiomqtt. The controller and the node are listed in `plugin.py`."""
