"""Files of other people's libraries: locked by hash, named one by one, laid out, and done without where missing."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.template import Context, Template

from governance import front_end

ROOT = Path(__file__).parents[2]
DESCRIPTION = json.loads((ROOT / "package.json").read_text())
LOCK = json.loads((ROOT / "package-lock.json").read_text())


def test_every_package_of_the_lock_has_a_hash_and_no_script():
    packages = {name: each for name, each in LOCK["packages"].items() if name}
    assert {"node_modules/echarts", "node_modules/leaflet"} <= set(packages)
    for name, each in packages.items():
        assert each["integrity"].startswith("sha512-"), name
        assert not each.get("hasInstallScript"), name
        assert each["license"] in {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "MIT", "ISC"}, name
    assert "://" not in json.dumps(LOCK)


def test_versions_are_exact_and_the_lock_has_the_same():
    wanted = DESCRIPTION["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert {name: LOCK["packages"][f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_a_licence_is_laid_out_beside_every_library():
    libraries = {name.split("/")[0] for name in DESCRIPTION["vendor"]}
    assert libraries == set(DESCRIPTION["dependencies"])
    assert {f"{name}/LICENSE" for name in libraries} <= set(DESCRIPTION["vendor"])


def test_git_keeps_none_of_it():
    assert front_end.VENDOR == ROOT / "build" / "vendor"
    assert {"/build/", "node_modules/"} <= set((ROOT / ".gitignore").read_text().split())
    assert not list((ROOT / "static").rglob("*echarts*")) + list((ROOT / "static").rglob("leaflet*"))


def test_what_is_named_is_laid_out_and_what_was_there_goes(tmp_path):
    modules, vendor = tmp_path / "node_modules", tmp_path / "vendor"
    (modules / "tool" / "dist" / "images").mkdir(parents=True)
    for name in ("tool/dist/tool.js", "tool/dist/images/one.png", "tool/LICENSE", "tool/dist/unnamed.js"):
        (modules / name).write_text(name)
    (vendor / "older").mkdir(parents=True)
    front_end.lay_out(modules, ["tool/dist/tool.js", "tool/dist/images/one.png", "tool/LICENSE"], vendor)
    laid = {str(path.relative_to(vendor)) for path in vendor.rglob("*") if path.is_file()}
    assert laid == {"tool/tool.js", "tool/images/one.png", "tool/LICENSE"}
    assert (vendor / "tool/tool.js").read_text() == "tool/dist/tool.js"


def test_a_named_file_that_the_package_lacks_leaves_the_old_ones(tmp_path):
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "old.js").write_text("old")
    with pytest.raises(FileNotFoundError):
        front_end.lay_out(tmp_path / "node_modules", ["tool/dist/tool.js"], tmp_path / "vendor")
    assert (tmp_path / "vendor" / "old.js").read_text() == "old"


def test_without_npm_it_says_what_to_install(tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", str(ROOT / "governance/front_end.py")],
        env={"PATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "requirements-front.lock" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_page_goes_without_a_file_that_is_missing(settings, tmp_path):
    strict = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": strict}}
    page = Template("{% load vendor %}{% vendor 'none/none.js' as src %}[{{ src }}]")
    assert page.render(Context()) == "[]"
    storage = ManifestStaticFilesStorage(location=tmp_path)
    storage.hashed_files = {"vendor/none/none.js": "vendor/none/none.abc.js"}
    storage.save_manifest()
    settings.STORAGES = dict(settings.STORAGES)  # read anew
    assert page.render(Context()) == "[/static/vendor/none/none.abc.js]"
