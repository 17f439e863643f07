from __future__ import annotations

from pathlib import Path

from livegraph_window.show import Show

README = Path(__file__).parents[1] / "README.md"


def test_every_parameter_stands_in_the_readme_with_its_default_and_whether_it_is_live() -> None:
    text = README.read_text()
    for name, field in Show.Params.model_fields.items():
        default = str(field.default).lower() if isinstance(field.default, bool) else field.default
        extra = field.json_schema_extra
        live = "yes" if isinstance(extra, dict) and extra["live"] else ""
        assert f"| `{name}` | `{default}` | {live}".rstrip() in text
