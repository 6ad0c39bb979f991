"""Command line: `python -m classifiers train | evaluate | predict | export | errors`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from hotline.errors import HotlineError

DEFAULT_BASE = "../shared/models/e5-small-zh"


def main(argv: list[str] | None = None) -> int:
    """Run one command; our own errors become one clear line and exit code 2."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except HotlineError as error:
        print(f"{error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m classifiers", description="Scam-type classifier 诈骗类型分类器")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="fine-tune, calibrate, export int8 训练")
    train.add_argument("--base", default=DEFAULT_BASE, help="pretrained encoder: folder or hub name")
    train.add_argument("--output", type=Path, required=True, help="folder for checkpoints and the finished model")
    train.add_argument("--data", type=Path, help="labelled calls; default: the shipped ones")
    train.add_argument("--first-stage", type=Path, help="related dialogues to train on first")
    train.add_argument(
        "--start-from", type=Path, help="model folder, or first_stage.pt or network.pt of an earlier run"
    )
    train.add_argument("--layers", type=int, default=6, help="encoder layers to keep; 0 keeps all")
    train.add_argument("--epochs", type=int, default=6)
    train.add_argument("--batch-size", type=int, default=16)
    train.add_argument("--learning-rate", type=float, default=1e-4)
    train.add_argument("--seed", type=int, default=7)
    train.add_argument("--threads", type=int, default=2)
    train.add_argument("--checkpoint-every", type=int, default=100, help="steps between checkpoints")
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    train.add_argument("--version", default="local", help="name that predictions will carry")
    train.set_defaults(run=_train)

    export = commands.add_parser("export", help="write a model folder from a finished training 导出")
    export.add_argument("--training", type=Path, required=True, help="output folder of `train`")
    export.add_argument("--output", type=Path, required=True)
    export.add_argument("--version", default="local")
    export.add_argument("--fp32", action="store_true", help="keep full precision, for comparison")
    export.set_defaults(run=_export)

    for name, function, help_text in (
        ("evaluate", _evaluate, "measure a model against baselines 评估"),
        ("errors", _errors, "write a page of confusions and worst mistakes 错误分析"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("--model", type=Path, help="model folder; default: the shipped one")
        command.add_argument("--data", type=Path, help="labelled calls; default: the shipped ones")
        command.add_argument("--split", default="test", choices=["train", "validation", "test"])
        command.add_argument("--output", type=Path, required=True, help="file to write")
        command.set_defaults(run=function)
        if name == "evaluate":
            command.add_argument("--base", help="also measure the frozen encoder and the other baselines")
            command.add_argument("--spoken", type=Path, help="really transcribed calls; default: the shipped ones")
            command.add_argument("--beside", type=Path, nargs="*", default=[], help="more model folders, a row each")

    predict = commands.add_parser("predict", help="label calls 预测")
    predict.add_argument("--input", type=Path, required=True, metavar="calls.jsonl")
    predict.add_argument("--output", type=Path, required=True, metavar="out.jsonl")
    predict.add_argument("--model", type=Path, help="model folder; default: the shipped one")
    predict.set_defaults(run=_predict)
    return parser


def _train(arguments: argparse.Namespace) -> None:
    from classifiers.training import TrainingArguments, train

    given = {
        name: getattr(arguments, name)
        for name in (
            "base",
            "output",
            "first_stage",
            "start_from",
            "epochs",
            "batch_size",
            "learning_rate",
            "seed",
            "threads",
            "resume",
            "checkpoint_every",
        )
    }
    if arguments.data:
        given["data"] = arguments.data
    args = TrainingArguments(layers=arguments.layers or None, **given)
    train(args)
    _write_folder(args.output, args.output / "model", arguments.version, int8=True)


def _export(arguments: argparse.Namespace) -> None:
    _write_folder(arguments.training, arguments.output, arguments.version, int8=not arguments.fp32)


def _write_folder(training: Path, folder: Path, version: str, *, int8: bool) -> None:
    """Export, calibrate on the validation split, and write the manifest with its figures."""
    from classifiers.finish import finish

    finish(training, folder, version, int8=int8)
    print(f"{folder}: {version}")


def _evaluate(arguments: argparse.Namespace) -> None:
    from classifiers.report import evaluate_all

    result = evaluate_all(
        arguments.model, arguments.data, arguments.split, arguments.base, arguments.spoken, arguments.beside
    )
    arguments.output.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    for name, row in result["models"].items():
        sets = [s for s in ("clean", "damaged", "transcribed", "independent") if s in row]
        print(f"{name:24}", *(f" {s} {row[s]['macro_f1']:.3f}" for s in sets))


def _errors(arguments: argparse.Namespace) -> None:
    from classifiers.error_page import write_error_page

    write_error_page(arguments.model, arguments.data, arguments.split, arguments.output)


def _predict(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from classifiers.dataset import parse_turns, read_lines
    from classifiers.predictor import SHIPPED, OnnxClassifier

    classifier = OnnxClassifier(arguments.model or SHIPPED)
    rows = [(row.get("id"), parse_turns(row, where)) for where, row in read_lines(arguments.input)]
    with arguments.output.open("w", encoding="utf-8") as out:
        for call_id, turns in tqdm(rows, unit="通", disable=None):
            out.write(json.dumps(_predicted(classifier, call_id, turns), ensure_ascii=False) + "\n")


def _predicted(classifier: Any, call_id: object, turns: Any) -> dict[str, Any]:
    """Return one output line: the whole call, and the label after each turn."""
    whole = classifier.predict([turns])[0]
    parts = classifier.predict([turns[: index + 1] for index in range(len(turns))], evidence=False)
    return {
        "id": call_id,
        "label": whole.label,
        "probability": round(whole.probability, 4),
        "unsure": whole.unsure,
        "probabilities": {code: round(value, 4) for code, value in whole.probabilities.items()},
        "evidence": [{"turn": s.turn, "text": s.text, "weight": s.weight} for s in whole.evidence],
        "risk": whole.risk,
        "reasons": list(whole.reasons),
        "stage": whole.stage,
        "money_gone": whole.money_gone,
        "coached": whole.coached,
        "model_version": whole.model_version,
        "by_turn": [
            {"turn": index, "label": part.label, "probability": round(part.probability, 4)}
            for index, part in enumerate(parts)
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
