"""The default models, as a machine gets them: from its cache, the mirror, or the registries."""

from functools import cache

import pytest

from core.model import ModelCard
from models.errors import ModelError
from models.store import Store

NAMES = ("yolox-nano", "centernet-mbv3")


@cache
def model_card(name: str) -> ModelCard:
    """The model; skips where it cannot be had."""
    try:
        return Store().ensure(name)
    except ModelError as error:
        pytest.skip(str(error))
