"""Command line: `python -m asr_models list | ensure | fetch NAME | import PATH | verify | info | remove NAME |
evaluate --manifest FILE`."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path, PurePath

from asr_models import evaluation_run
from asr_models.catalogue import CATALOGUE, find
from asr_models.factory import chosen, ensure, import_model, installed, models_dir
from asr_models.fetch import fetch
from asr_models.folder import verify_folder
from hotline.config import Config
from hotline.errors import HotlineError, ModelError
from hotline.sources.file import FileSource


def main(argv: list[str] | None = None) -> int:
    """Run one command; our own errors become one clear line and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m asr_models", description="Speech models 语音模型")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    commands.add_parser("list", help="what can be had and what is installed 目录")
    commands.add_parser("ensure", help="obtain a model for the configured language 准备模型")
    commands.add_parser("info", help="which engine would run, and why 当前选择")
    commands.add_parser("verify", help="check the installed models 校验")
    for name, what in (("fetch", "NAME"), ("remove", "NAME")):
        commands.add_parser(name).add_argument("name", metavar=what)
    importing = commands.add_parser("import", help="install from a zip or a folder 导入")
    importing.add_argument("path", type=Path)
    importing.add_argument("--name")
    evaluation_run.add_arguments(commands.add_parser("evaluate", help="error rates on audio of known text 评测"))
    arguments = parser.parse_args(argv)
    try:
        _run(arguments, Config())
    except HotlineError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _run(arguments: argparse.Namespace, config: Config) -> None:
    folder = models_dir(config)
    if arguments.command == "list":
        for model in CATALOGUE:
            state = "installed" if (folder / model.name).is_dir() else "-"
            size = f"{model.size_bytes / 1e6:7.0f} MB"
            row = f"{model.name:28}{model.language:4}{model.engine:9}{size}  {state:10}{model.licence:12}"
            print(row + model.error_rates)
    elif arguments.command in ("ensure", "info"):
        choice = ensure(config) if arguments.command == "ensure" else chosen(config)
        print(choice.reason)
    elif arguments.command == "fetch":
        print(fetch(find(arguments.name), folder, config["asr_mirror"]))
    elif arguments.command == "evaluate":
        for line in evaluation_run.run(arguments, FileSource):
            print(line)
    elif arguments.command == "import":
        print(import_model(config, arguments.path, arguments.name))
    elif arguments.command == "verify":
        for path in installed(config):
            print(f"{path.name}: {verify_folder(path)} files ok")
    else:
        _remove(folder / PurePath(arguments.name).name)


def _remove(folder: Path) -> None:
    """Remove an installed model. Raises: ModelError when there is none of this name."""
    if not folder.is_dir() or folder.name.startswith("."):
        raise ModelError("没有安装这个语音模型", expected="已安装模型的名称", found=folder.name, remedy="见 list")
    shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
