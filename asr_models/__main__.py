"""Command line: `python -m asr_models list | ensure | fetch NAME | import PATH | verify | info [NAME] | remove NAME |
evaluate --manifest FILE | adapt MODEL --transcripts FILE | unpack MODEL | compile MODEL |
train-digits --manifest FILE`."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import asdict
from pathlib import Path, PurePath

from asr_models import evaluation_run
from asr_models.adaptation import command as adaptation
from asr_models.adaptation import unpacked, whole
from asr_models.catalogue import CATALOGUE, SpeechModel, find
from asr_models.digit_head import FILE as DIGIT_HEAD
from asr_models.factory import chosen, ensure, import_model, models_dir
from asr_models.fetch import fetch
from asr_models.folder import verify_folder
from hotline.config import Config
from hotline.errors import HotlineError, ModelError
from hotline.sources.file import FileSource

FASTER = {"unpack": unpacked.run, "compile": whole.run}


def main(argv: list[str] | None = None) -> int:
    """Run one command; our own errors become one clear line and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m asr_models", description="Speech models 语音模型")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    commands.add_parser("list", help="what can be had and what is installed 目录")
    commands.add_parser("ensure", help="obtain a model for the configured language 准备模型")
    info = commands.add_parser("info", help="all about a model; without NAME which engine would run, and why 说明")
    info.add_argument("name", metavar="NAME", nargs="?")
    commands.add_parser("verify", help="check the installed models 校验")
    for name, what in (("fetch", "NAME"), ("remove", "NAME")):
        commands.add_parser(name).add_argument("name", metavar=what)
    importing = commands.add_parser("import", help="install from a zip or a folder 导入")
    importing.add_argument("path", type=Path)
    importing.add_argument("--name")
    evaluation_run.add_arguments(commands.add_parser("evaluate", help="error rates on audio of known text 评测"))
    adaptation.add_arguments(commands.add_parser("adapt", help="fit a small Vosk model to your talk 领域适配"))
    digits = commands.add_parser("train-digits", help="make the digit head of a Whisper model 训练数字识别")
    digits.add_argument("--manifest", type=Path, required=True, help="TSV: audio, text 录音清单")
    digits.add_argument("--model", default="whisper-base", help="an installed Whisper model 语音模型")
    digits.add_argument("--output", type=Path, default=DIGIT_HEAD, help="default: the shipped head 输出")
    for name, default in (("--epochs", 14), ("--seed", 1), ("--threads", 2)):
        digits.add_argument(name, type=int, default=default)
    for name, what in (
        ("unpack", "with a plain language model 解压语言模型"),
        ("compile", "with a whole graph 合成整图"),
    ):
        faster = commands.add_parser(name, help=f"a copy of a small Vosk model that decodes faster, {what}")
        faster.add_argument("name", metavar="MODEL")
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
            row = f"{model.name:28}{model.language:4}{model.engine:9}{model.rate_hz:6} Hz{size}  {state:10}{model.licence:12}"
            print(row + model.error_rates)
    elif arguments.command == "info" and arguments.name:
        _describe(find(arguments.name), folder)
    elif arguments.command in ("ensure", "info"):
        choice = ensure(config) if arguments.command == "ensure" else chosen(config)
        print(choice.reason)
    elif arguments.command == "fetch":
        print(fetch(find(arguments.name), folder, config["asr_mirror"]))
    elif arguments.command == "evaluate":
        for line in evaluation_run.run(arguments, FileSource):
            print(line)
    elif arguments.command == "adapt":
        for line in adaptation.run(arguments, config):
            print(line)
    elif arguments.command == "train-digits":
        from asr_models import digit_training

        for line in digit_training.run(arguments, config):
            print(line)
    elif arguments.command in FASTER:
        for line in FASTER[arguments.command](arguments.name, config):
            print(line)
    elif arguments.command == "import":
        print(import_model(config, arguments.path, arguments.name))
    elif arguments.command == "verify":
        _verify(folder)
    else:
        _remove(folder / PurePath(arguments.name).name)


def _describe(model: SpeechModel, folder: Path) -> None:
    """Print every field of a catalogue row and where the model is."""
    for name, value in asdict(model).items():
        print(f"{name:12}{value or '-'}")
    print(f"{'folder':12}{folder / model.name if (folder / model.name).is_dir() else '-'}")


def _verify(folder: Path) -> None:
    """Check every installed model, also incomplete ones. Raises: ModelError naming all that are damaged."""
    damaged = []
    for path in sorted(folder.glob("[!.]*/")):
        try:
            print(f"{path.name}: {verify_folder(path)} files ok")
        except ModelError as error:
            print(f"{path.name}: {error}")
            damaged.append(path.name)
    if damaged:
        found = "、".join(damaged)
        raise ModelError("有语音模型已损坏", expected="全部完整", found=found, remedy="请重新导入或 remove")


def _remove(folder: Path) -> None:
    """Remove an installed model. Raises: ModelError when there is none of this name."""
    if not folder.is_dir() or folder.name.startswith("."):
        raise ModelError("没有安装这个语音模型", expected="已安装模型的名称", found=folder.name, remedy="见 list")
    shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
