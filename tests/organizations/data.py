"""The real division lists. They belong to no repository: a folder of the developer's or of CI holds them."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("WENSHAO_DATA") or Path(__file__).parents[3] / "shared" / "data")


def real_list(name: str) -> Path:
    """A file of the folder; without it the test is left out, which CI forbids by WENSHAO_REQUIRE_DATA."""
    path = FOLDER / name
    if not path.is_file():
        if os.environ.get("WENSHAO_REQUIRE_DATA"):
            pytest.fail(f"{path} is missing; name its folder in WENSHAO_DATA")
        pytest.skip(f"{path} is not here; name its folder in WENSHAO_DATA")
    return path
