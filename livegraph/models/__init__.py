"""Models that plugins run: what there is to fetch, where it lies, and whether it is whole. Nothing here is heavy."""

from livegraph.models.library import find_model, require_model
from livegraph.models.spec import Licence, ModelFile, ModelSpec

__all__ = ["Licence", "ModelFile", "ModelSpec", "find_model", "require_model"]
