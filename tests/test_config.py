"""Settings are checked at start, and errors say what to do."""

from __future__ import annotations

import pytest

from hotline.config import Config
from hotline.errors import ConfigError
from hotline.taxonomy import NOT_FRAUD, load_taxonomy


def test_defaults_are_valid() -> None:
    assert Config({}).integer("port") == 8096


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HOTLINE_PORT", "eighty"), ("HOTLINE_ASR_ENGINE", "kaldi"), ("HOTLINE_MAX_CALLS", "0"), ("HOTLINE_PROT", "80")],
)
def test_a_wrong_setting_is_named(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        Config({variable: value})


def test_other_programs_variables_are_ignored() -> None:
    Config({"PORT": "x", "PATH": ""})


def test_the_taxonomy_has_fourteen_types_in_a_fixed_order() -> None:
    taxonomy = load_taxonomy()
    assert len(taxonomy.codes) == 14
    assert taxonomy.codes[0] == "rebate"
    assert taxonomy.codes[-1] == NOT_FRAUD


@pytest.mark.parametrize(
    ("name", "code"),
    [("刷单返利", "rebate"), ("冒充军警购物类诈骗", "military_purchase"), ("authority", "authority")],
)
def test_names_and_aliases_resolve(name: str, code: str) -> None:
    found = load_taxonomy().resolve(name)
    assert found is not None
    assert found.code == code
    assert load_taxonomy().resolve("没有这个") is None
