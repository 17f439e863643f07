"""What the plugin brings. Only names stand here: aiomqtt is imported when a graph uses the controller."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import ControllerSpec, NodeSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [NodeSpec("mqtt.signal", "livegraph_mqtt.signal:MqttSignal", "The newest number at an MQTT topic.")]


@hookimpl
def livegraph_controllers() -> Sequence[ControllerSpec]:
    return [
        ControllerSpec("mqtt", "livegraph_mqtt.controller:Mqtt", "Parameters on an MQTT broker, and in Home Assistant.")
    ]
