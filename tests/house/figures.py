"""The figures of the code: `python -m tests.house.figures` prints how much there is and how long its pieces are."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.house.checks import PACKAGES, ROOT


def sources(*packages: str) -> list[Path]:
    """Our Python files, migrations apart."""
    files = (path for package in packages for path in sorted((ROOT / package).rglob("*.py")))
    return [path for path in files if "migrations" not in path.parts]


def functions(path: Path) -> Iterator[int]:
    """The length of every function of a file, in lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield node.end_lineno - node.lineno + 1


def main() -> None:
    product, tests = sources(*(name for name in PACKAGES if name != "tests")), sources("tests")
    lengths = sorted(length for path in product for length in functions(path))
    longest = max(len(path.read_text().splitlines()) for path in product)
    print(f"product: {_lines(product)} lines in {len(product)} files, the longest {longest}")
    print(
        f"functions: {len(lengths)}, median {statistics.median(lengths):.0f} lines, "
        f"90th percentile {lengths[len(lengths) * 9 // 10]}, longest {lengths[-1]}"
    )
    print(f"tests: {_lines(tests)} lines in {len(tests)} files")


def _lines(paths: list[Path]) -> int:
    return sum(len(path.read_text().splitlines()) for path in paths)


if __name__ == "__main__":
    main()
