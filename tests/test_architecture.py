"""Who may import whom (docs/architecture.md), and the settings' documentation."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from hotline.config import SETTINGS

ROOT = Path(__file__).parent.parent
PACKAGES = ("hotline", "asr_models", "classifiers", "web")
PURE = {"hotline.domain", "hotline.taxonomy", "hotline.commands", "hotline.events", "hotline.errors", "hotline.config"}
ADAPTERS = {
    "asr_models",
    "classifiers",
    "hotline.sources",
    "hotline.stores",
    "hotline.buses",
    "hotline.gateways",
    "hotline.queues",
}
COMMAND_LINES = {"asr_models.__main__"}
"""They wire, too: evaluation plays audio files, which an adapter of its own reads."""
WIRING = {"hotline.bootstrap", "hotline.__main__", "hotline.demo"}
LONGEST_MODULE = 320


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name for name in found if name.split(".")[0] in PACKAGES}


def within(name: str, group: set[str]) -> str | None:
    return next((member for member in group if name == member or name.startswith(member + ".")), None)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_follow_the_architecture(path: Path) -> None:
    name, used = name_of(path), imports(path)
    if within(name, PURE):
        assert all(within(other, PURE) for other in used), f"{name} must stay pure"
    if (home := within(name, ADAPTERS)) and name not in COMMAND_LINES:
        strangers = {other for other in used if within(other, ADAPTERS - {home}) or other.startswith("web")}
        assert not strangers, f"{name} reaches into {strangers}"
        wiring = {other for other in used if within(other, {"hotline.bootstrap", "hotline.handlers", "hotline.hub"})}
        assert not wiring, f"{name} reaches up to {wiring}"
    if name.split(".")[0] == "web":
        assert all(other.split(".")[0] in ("web", "hotline") for other in used)
        assert not {other for other in used if within(other, ADAPTERS)}


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_modules_are_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_MODULE


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    missing = [setting.variable for setting in SETTINGS if setting.variable not in page]
    assert not missing
