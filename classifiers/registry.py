"""Where trained models live: a folder each, whole, beside the one that is shipped."""

from __future__ import annotations

import logging
import shutil
import threading
from collections import OrderedDict
from pathlib import Path

from classifiers.artefact import MANIFEST, read_manifest, sha256
from classifiers.predictor import SHIPPED, OnnxClassifier
from hotline.errors import ModelError
from hotline.ports import Classifier

log = logging.getLogger(__name__)

KEPT_LOADED = 3
"""Models in memory: the one in use, the one that older live calls finish on, and one to spare."""


class ModelFolders:
    """Implements `hotline.training_ports.ModelLibrary`."""

    def __init__(self, root: Path, shipped: Path | None = None, loaded: Classifier | None = None) -> None:
        """Keep models in `root`; `shipped` is the folder of the shipped one, `loaded` that model if it is open."""
        self._root = root
        self._shipped = shipped or SHIPPED
        self._loaded: OrderedDict[str, Classifier] = OrderedDict({"": loaded} if loaded else {})
        self._lock = threading.Lock()
        try:
            self.shipped_version = read_manifest(self._shipped).version
        except ModelError:
            self.shipped_version = ""

    def get(self, version: str) -> Classifier | None:
        """Return a loaded model; None when it is not there. The empty version is the shipped one."""
        with self._lock:
            if version not in self._loaded:
                try:
                    self._loaded[version] = OnnxClassifier(self.folder(version), threads=2)
                except ModelError as error:
                    log.error("model not loaded", extra={"version": version, "found": error.found})
                    return None
            self._loaded.move_to_end(version)
            while len(self._loaded) > KEPT_LOADED:
                self._loaded.popitem(last=False)
            return self._loaded[version]

    def folder(self, version: str) -> Path:
        """Return the folder of a version, whether it exists or not."""
        if version in ("", self.shipped_version):
            return self._shipped
        return self._root / Path(version).name

    def add(self, folder: Path) -> str:
        """Take over a finished model folder under its version; return the checksum. Raises: ModelError."""
        manifest = read_manifest(folder)
        target = self.folder(manifest.version)
        if target == self._shipped:
            raise ModelError(
                "模型名称与随附模型相同", expected="另一个名称", found=manifest.version, remedy="请换名重新训练"
            )
        self._root.mkdir(parents=True, exist_ok=True)
        fresh = self._root / f".{target.name}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(folder, fresh)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
        return sha256(target / MANIFEST)
