"""What templates name exists: static files (the manifest would answer 500), routes, other templates."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.urls import get_resolver

ROOT = Path(__file__).parents[2] / "templates"
TEMPLATES = sorted(ROOT.rglob("*.html"))
NAMES = [str(path.relative_to(ROOT)) for path in TEMPLATES]


def route_names() -> set[str]:
    """All route names as templates write them, `namespace:name`."""
    found: set[str] = set()

    def collect(resolver: object, prefix: str) -> None:
        for pattern in resolver.url_patterns:  # type: ignore[attr-defined]
            if hasattr(pattern, "url_patterns"):
                inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
                collect(pattern, inner)
            elif pattern.name:
                found.add(prefix + pattern.name)

    collect(get_resolver(), "")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_template_can_be_read(name):
    get_template(name)


def test_every_static_file_exists():
    named = {
        (match, path.name)
        for path in TEMPLATES
        for match in re.findall(r"{% static ['\"]([^'\"{]+)['\"] %}", path.read_text())
    }
    assert len(named) > 10
    assert not [each for each in named if finders.find(each[0]) is None]


def test_every_route_exists():
    known = route_names()
    named = {
        (match, path.name)
        for path in TEMPLATES
        for match in re.findall(r"{% url ['\"]([^'\"{]+)['\"]", path.read_text())
    }
    assert len(named) > 20
    assert not [each for each in named if each[0] not in known]


def test_no_template_names_another_host_or_holds_a_script():
    for path in TEMPLATES:
        text = path.read_text()
        assert not re.search(r"(src|href)=['\"](https?:)?//", text), path.name
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/(ld\+)?json)", text), path.name
        assert not re.search(r"\son(click|change|submit|load|input)=", text), path.name
