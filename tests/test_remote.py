"""What a remote client may set can never name an address, a path or a device, whatever plugin brings the node."""

import pytest
from pydantic import ValidationError

from livegraph.params import flag
from livegraph.registry import registry

HOSTILE = ("http://127.0.0.1/x", "file:///etc/passwd", "/etc/passwd", "../x", "/dev/video0", "rtmp://host/app/key")
FREE = {"prompt", "negative_prompt", "title", "model"}
"""Texts that are never opened: words for a model, a window's title, and a name that is looked up in a list."""


@pytest.mark.parametrize("type_", registry().nodes())
def test_no_address_path_or_device_can_be_set_from_outside(type_: str) -> None:
    model = registry().node(type_).Params
    required = {key: "x" for key, field in model.model_fields.items() if field.is_required()}
    for key in model.model_fields:
        for value in HOSTILE if flag(model, key, "remote") and key not in FREE else ():
            with pytest.raises(ValidationError, match=key):
                model.model_validate({**required, key: value})
