"""Reads and writes the language model of a look-ahead graph (Gr.fst) as arrays, with OpenFst's own tools.

Vosk's small models keep it as an `ngram` FST with the words inside; OpenFst converts that to its `const` type, whose
layout is plain (`const-fst.h`): a header, then states of five and arcs of four 32-bit numbers. Vosk reads both types.
"""

from __future__ import annotations

import contextlib
import ctypes.util
import os
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hotline.errors import ModelError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PLUGINS = ("fstngram", "fstlookahead")
"""Libraries with the types of graph that Vosk models come in."""
MAGIC = 2125659606
CONST_VERSION = 2
STATE = np.dtype([("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("in_eps", "<u4"), ("out_eps", "<u4")])
ARC = np.dtype([("input", "<i4"), ("output", "<i4"), ("cost", "<f4"), ("target", "<i4")])
HEADER = struct.Struct("<iiQqqq")
"""Version, flags, properties, start, number of states, number of arcs: what follows the two type names."""
PROPERTIES = 0x1 | 0x1_0000 | 0x1000_0000 | 0x4000_0000
"""Expanded acceptor, sorted by input and output label; OpenFst finds out the rest when it needs it."""


@dataclass(frozen=True)
class Automaton:
    """A weighted acceptor; arcs are in the order of their source, then label."""

    start: int
    final: Floats
    """Cost of ending in each state (negative natural logarithm), infinite where none may end; shape (N,)."""
    source: Ints
    label: Ints
    """0 is the empty label; shape (A,)."""
    target: Ints
    cost: Floats


def read(path: Path) -> tuple[Automaton, dict[str, int]]:
    """Return the automaton and the words that are stored in it (none when they are kept elsewhere).

    Raises: ModelError when OpenFst is not installed or cannot read the file.
    """
    with tempfile.TemporaryDirectory() as scratch:
        words, plain, const = (Path(scratch) / name for name in ("words.txt", "plain.fst", "const.fst"))
        run_tool("fstsymbols", "--clear_isymbols", "--clear_osymbols", path, plain)
        run_tool("fstconvert", "--fst_type=const", plain, const)
        with contextlib.suppress(ModelError):  # readable, but without words inside
            run_tool("fstsymbols", f"--save_osymbols={words}", path, os.devnull)
        return _parse(const.read_bytes()), read_words(words) if words.exists() else {}


def read_words(path: Path) -> dict[str, int]:
    """Read a symbol table: a word and its number a line. Raises: ModelError."""
    try:
        rows = [line.split() for line in path.read_text("utf-8").split("\n") if line.strip()]
        return {word: int(number) for word, number in rows}
    except (OSError, ValueError):
        raise ModelError("模型词表不能读取", expected="每行：词 编号", found=path.name, remedy="请换一个模型") from None


def write_words(words: dict[str, int], path: Path) -> None:
    """Write a symbol table."""
    rows = sorted(words.items(), key=lambda row: row[1])
    path.write_text("".join(f"{word} {label}\n" for word, label in rows), "utf-8")


def write(automaton: Automaton, path: Path) -> None:
    """Write the automaton as a `const` FST."""
    count = len(automaton.final)
    states = np.zeros(count, STATE)
    states["final"] = automaton.final
    states["arcs"] = np.bincount(automaton.source, minlength=count)
    states["first"] = np.cumsum(states["arcs"]) - states["arcs"]
    states["in_eps"] = states["out_eps"] = np.bincount(automaton.source[automaton.label == 0], minlength=count)
    arcs = np.zeros(len(automaton.label), ARC)
    arcs["input"] = arcs["output"] = automaton.label
    arcs["cost"], arcs["target"] = automaton.cost, automaton.target
    names = b"".join(struct.pack("<i", len(name)) + name for name in (b"const", b"standard"))
    header = HEADER.pack(CONST_VERSION, 0, PROPERTIES, automaton.start, count, len(arcs))
    path.write_bytes(struct.pack("<i", MAGIC) + names + header + states.tobytes() + arcs.tobytes())


def _parse(body: bytes) -> Automaton:
    position = 4
    for _ in range(2):
        position += 4 + struct.unpack_from("<i", body, position)[0]
    version, flags, _, start, count, arc_count = HEADER.unpack_from(body, position)
    position += HEADER.size
    size = position + count * STATE.itemsize + arc_count * ARC.itemsize
    if version != CONST_VERSION or flags or size > len(body):
        raise ModelError(
            "语言模型不能读取", expected="OpenFst const 格式，版本 2", found=f"版本 {version}", remedy="请换一个模型"
        )
    states = np.frombuffer(body, STATE, count, position)
    arcs = np.frombuffer(body, ARC, arc_count, position + states.nbytes)
    source = np.repeat(np.arange(count, dtype=np.int64), states["arcs"])
    label, target = arcs["input"].astype(np.int64), arcs["target"].astype(np.int64)
    order = np.lexsort((label, source))
    return Automaton(
        start,
        states["final"].astype(np.float64),
        source[order],
        label[order],
        target[order],
        arcs["cost"].astype(np.float64)[order],
    )


def run_tool(tool: str, *arguments: str | Path) -> None:
    """Run a tool of OpenFst, with its n-gram and look-ahead types. Raises: ModelError."""
    libraries = [ctypes.util.find_library(name) for name in PLUGINS]
    if shutil.which(tool) is None or None in libraries:
        raise ModelError("缺少 OpenFst 工具", expected=tool, found="未安装", remedy="安装 Debian 软件包 libfst-tools")
    environment = {**os.environ, "LD_PRELOAD": " ".join(filter(None, libraries))}
    done = subprocess.run([tool, *map(str, arguments)], env=environment, capture_output=True, check=False)
    if done.returncode or b"ERROR" in done.stderr:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[:1]
        found = "".join(reason) or f"退出码 {done.returncode}，可能内存不足"
        raise ModelError("语言模型不能转换", expected="OpenFst 能读的图", found=found, remedy="请换一个模型")
