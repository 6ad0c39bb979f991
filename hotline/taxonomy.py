"""The scam types: code, names, definition, aliases and the version of the table (`taxonomy.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

NOT_FRAUD = "not_fraud"


@dataclass(frozen=True)
class ScamType:
    """One row of the table; `code` is what is stored, `name` what an operator reads."""

    code: str
    name: str
    name_en: str
    definition: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taxonomy:
    """All scam types in label order, with the version that predictions must name."""

    version: str
    types: tuple[ScamType, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes in label order; a classifier's outputs follow this order."""
        return tuple(scam_type.code for scam_type in self.types)

    def get(self, code: str) -> ScamType:
        """Return the type with this code. Raises: KeyError."""
        for scam_type in self.types:
            if scam_type.code == code:
                return scam_type
        raise KeyError(code)

    def resolve(self, name: str) -> ScamType | None:
        """Return the type whose code, name or alias is `name`, or None."""
        for scam_type in self.types:
            if name in (scam_type.code, scam_type.name, *scam_type.aliases):
                return scam_type
        return None


@cache
def load_taxonomy() -> Taxonomy:
    """Return the table shipped with the package."""
    table = tomllib.loads(files("hotline").joinpath("taxonomy.toml").read_text("utf-8"))
    types = tuple(ScamType(**{**row, "aliases": tuple(row["aliases"])}) for row in table["types"])
    return Taxonomy(version=table["version"], types=types)
