"""Command line: `python -m hotline serve | demo | transcribe | entities | freeze-dispatch | job-worker | span | …`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from hotline import keys_cli
from hotline.config import Config
from hotline.errors import HotlineError
from hotline.job_process import NICENESS, PARENT_PIPE, end_with_parent


def main(argv: list[str] | None = None) -> int:
    """Run one command; errors that we raise ourselves become one clear line and exit code 2."""
    arguments = _parser().parse_args(argv)
    try:
        result: int = arguments.run(arguments) or 0
    except HotlineError as error:
        print(f"{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hotline", description="Anti-fraud hotline console 反诈热线坐席台")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="start the console 启动坐席台")
    serve.set_defaults(run=_serve)

    demo = commands.add_parser("demo", help="console, bank simulator and a sample call 演示")
    demo.set_defaults(run=_demo)

    transcribe = commands.add_parser("transcribe", help="write down an audio file 转写录音")
    transcribe.add_argument("file", type=Path, metavar="FILE", help="any audio that ffmpeg reads, mono or two-channel")
    transcribe.add_argument("--engine", choices=["auto", "vosk", "whisper"], help="default: HOTLINE_ASR_ENGINE")
    transcribe.add_argument("--model", metavar="PATH", help="folder of a speech model")
    transcribe.add_argument("--json", action="store_true", help="one JSON object a segment")
    transcribe.set_defaults(run=_transcribe)

    entities = commands.add_parser("entities", help="find accounts, amounts, phones … in calls 提取要素")
    entities.add_argument("--input", type=Path, required=True, metavar="calls.jsonl")
    entities.add_argument("--output", type=Path, required=True, metavar="out.jsonl")
    entities.set_defaults(run=_entities)

    dispatch = commands.add_parser(
        "freeze-dispatch", help="send payment-stop requests and web hooks from a process of its own 发送止付申请和回调"
    )
    dispatch.set_defaults(run=_freeze_dispatch)

    worker = commands.add_parser("job-worker", help="do long jobs: training, imports … 后台任务")
    worker.add_argument(PARENT_PIPE, action="store_true", help="end when standard input closes")
    worker.set_defaults(run=_job_worker)

    keys_cli.add_commands(commands)

    span = commands.add_parser("span", help="mirrored RTP as calls 镜像端口接入")
    span.add_argument("capture", metavar="FILE", help="pcap or pcapng file, played at real speed; - for tcpdump -w -")
    span.add_argument("--operators", required=True, metavar="NETWORKS", help="of the phones, such as 10.0.1.0/24")
    span.add_argument("--console", default="http://127.0.0.1:8096", metavar="URL")
    span.add_argument("--key-file", type=Path, required=True, help="file with a key for calls:write, streams:write")
    span.add_argument("--quiet-s", type=float, default=10.0, help="silence of both sides that ends a call")
    span.set_defaults(run=_span)

    month = commands.add_parser("demo-data", help="load a demonstration month 载入演示数据")
    month.set_defaults(run=_demo_data)

    bank = commands.add_parser("bank-simulator", help="a bank side to try against 银行模拟器")
    bank.add_argument("--port", type=int, default=8097)
    bank.add_argument("--data", type=Path, help="file that keeps its state; default: in the data folder")
    bank.add_argument("--ledger", type=Path, help="transfers that it knows")
    bank.set_defaults(run=_bank_simulator)
    return parser


def _serve(_: argparse.Namespace) -> int:
    from hotline.bootstrap import configure_logging
    from web.serve import serve

    config = Config()
    configure_logging(config)
    serve(config)
    return 0


def _demo(_: argparse.Namespace) -> int:
    from hotline.demo import run_demo

    return run_demo(Config())


def _transcribe(arguments: argparse.Namespace) -> int:
    from hotline.bootstrap import transcribe

    overrides = {
        "HOTLINE_ASR_ENGINE": arguments.engine,
        "HOTLINE_ASR_MODEL": arguments.model,
        "HOTLINE_ASR_SPARE": "0",
    }
    heard = transcribe(Config.with_overrides(overrides), arguments.file)
    for transcript in heard.transcripts:
        if arguments.json:
            print(json.dumps(asdict(transcript), ensure_ascii=False))
        else:
            print(f"[{transcript.start_s:7.2f}–{transcript.end_s:7.2f}] {transcript.channel:8} {transcript.text}")
    for gap in heard.gaps:
        print(f"[{gap.start_s:7.2f}–{gap.end_s:7.2f}] {gap.channel:8} 识别进程中断，此段没有文字", file=sys.stderr)
    if heard.problem:
        raise heard.problem
    return 0


def _entities(arguments: argparse.Namespace) -> int:
    from hotline.entities_cli import run

    run(arguments.input, arguments.output)
    return 0


def _freeze_dispatch(_: argparse.Namespace) -> int:
    from hotline.bootstrap import build_bus, build_dispatcher, build_hook_dispatcher, build_store, configure_logging

    config = Config()
    configure_logging(config)
    store = build_store(config, build_bus())
    build_dispatcher(config, store).start()
    build_hook_dispatcher(config, store).start()
    logging.getLogger("hotline").info("dispatching payment-stop requests and web hooks")
    threading.Event().wait()
    return 0


def _demo_data(_: argparse.Namespace) -> int:
    from tqdm import tqdm

    from hotline.bootstrap import configure_logging, load_demo_month

    config = Config()
    configure_logging(config)
    with tqdm(unit="通", disable=None) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        loaded = load_demo_month(config, report)
    print(f"新增 {loaded.added} 通合成通话（{loaded.recordings} 通有录音），已有 {loaded.there} 通。")
    return 0


def _job_worker(arguments: argparse.Namespace) -> int:
    from hotline.bootstrap import configure_logging, run_job_worker

    config = Config()
    configure_logging(config)
    os.nice(NICENESS)
    if arguments.watch_stdin:
        end_with_parent()
    run_job_worker(config)
    return 0


def _span(arguments: argparse.Namespace) -> int:
    from hotline.span import run

    return run(arguments)


def _bank_simulator(arguments: argparse.Namespace) -> int:
    from hotline.bootstrap import configure_logging
    from hotline.gateways.simulator import serve

    config = Config()
    configure_logging(config)
    config.data_dir.mkdir(parents=True, exist_ok=True)
    serve(arguments.port, arguments.data or config.data_dir / "bank-simulator.db", arguments.ledger)
    return 0


if __name__ == "__main__":
    sys.exit(main())
