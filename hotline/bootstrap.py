"""The composition root: the only place that imports adapters, each when it is needed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotline.config import Config
from hotline.errors import HotlineError, ModelError
from hotline.hub import Hub
from hotline.models import classifier_of
from hotline.ports import Classifier, EngineInfo, EventBus, Recognizer, Store
from hotline.scripts import ScriptLibrary

if TYPE_CHECKING:
    from asr_models.transcribe import Transcription
    from hotline.demo_month import Loaded
    from hotline.domain.call import Call
    from hotline.gateways.dispatcher import FreezeDispatcher
    from hotline.gateways.webhooks import HookDispatcher
    from hotline.job_ports import JobFunction, JobRun
    from hotline.queues.huey_queue import HueyQueue
    from hotline.sources.telephony.server import Telephony
    from hotline.stores import SqlStore
    from hotline.training_ports import ModelLibrary, ModelTrainer

log = logging.getLogger(__name__)

EQUIPPING = threading.Lock()


def utc_now() -> datetime:
    """Return the present moment with its time zone."""
    return datetime.now(UTC)


def configure_logging(config: Config) -> None:
    """Log to standard error, with long runs of digits redacted."""
    from hotline.privacy import RedactingFilter

    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=config["log_level"], handlers=[handler], force=True)


def build_store(config: Config, bus: EventBus) -> SqlStore:
    """Open the database, bringing its tables up to date."""
    from hotline.stores import SqlStore, migrate

    config.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(config.database_url)
    return SqlStore(config.database_url, bus, utc_now)


def build_bus() -> EventBus:
    """Return the bus of this process."""
    from hotline.buses.local import LocalBus

    return LocalBus()


def build_recognizer(config: Config) -> tuple[Recognizer | None, EngineInfo]:
    """Start the chosen recogniser; None with the reason when there can be none."""
    try:
        import asr_models

        recognizer, info = asr_models.build_recognizer(config)
    except (HotlineError, ImportError) as error:
        log.error("recogniser unavailable", extra={"error": type(error).__name__})
        return None, EngineInfo("off", "", f"语音识别不可用：{error}")
    log.info("recogniser %s model %s: %s", info.engine, info.model, info.reason)
    return recognizer, info


def transcribe(config: Config, path: Path) -> Transcription:
    """Write down an audio file with the chosen engine. Raises: AudioError, ModelError, RecognizerError."""
    from asr_models.transcribe import transcribe as run
    from hotline.sources.file import FileSource

    source = FileSource(path, realtime=False)
    recognizer, info = build_recognizer(config)
    if recognizer is None:
        source.close()
        raise ModelError("语音识别不可用", expected="可用的语音模型", found=info.reason, remedy="运行 make models")
    log.warning("%s", info.reason)
    try:
        return run(source, recognizer, source.claimed_s)
    finally:
        recognizer.close()


def build_classifier(config: Config) -> tuple[Classifier | None, str]:
    """Load the classifier; None with the reason when it cannot be loaded."""
    try:
        import classifiers

        return classifiers.load_classifier(Path(config["classifier_model"]) if config["classifier_model"] else None), ""
    except (HotlineError, ImportError) as error:
        log.error("classifier unavailable", extra={"error": type(error).__name__})
        return None, f"自动分类不可用：{error}"


def job_functions() -> dict[str, JobFunction]:
    """Return what a worker can do: one line for each kind of job. Heavy imports belong inside the functions."""
    from classifiers.agreement import cohen_kappa
    from hotline import retraining

    return {
        "retrain": lambda run: retraining.retrain_job(run, build_trainer(run.hub.config)),
        "agreement": lambda run: retraining.agreement_job(run, cohen_kappa),
        "upload": _upload,
        "second_pass": _second_pass,
    }


def build_trainer(config: Config) -> ModelTrainer:
    """Return what trains and compares models. Raises: ModelError where the training packages are missing."""
    try:
        from classifiers.retraining import TorchTrainer
    except ImportError as error:
        raise ModelError(
            "训练环境未安装", expected="requirements/train.txt", found=str(error.name), remedy="运行 make setup-train"
        ) from None
    return TorchTrainer(threads=config.integer("train_threads"))


def can_train() -> bool:
    """Say whether the training packages are installed, without loading them."""
    return all(find_spec(name) for name in ("torch", "transformers", "onnx", "sklearn"))


def build_models(config: Config, shipped: Classifier | None) -> ModelLibrary | None:
    """Return the library of classifiers; None when its packages are missing."""
    try:
        from classifiers.registry import ModelFolders
    except ImportError:
        return None
    folder = Path(config["classifier_model"]) if config["classifier_model"] else None
    return ModelFolders(config.data_dir / "models" / "classifiers", folder, shipped)


def _upload(run: JobRun) -> Mapping[str, Any]:
    from hotline.sources.file import FileSource
    from hotline.upload_job import transcribe_upload

    equip(run.hub)
    return transcribe_upload(run, lambda path, channels: FileSource(path, channels=channels))


def _second_pass(run: JobRun) -> Mapping[str, Any]:
    from asr_models.second_pass import build_listener
    from hotline.second_pass import second_pass_job
    from hotline.sources.file import FileSource

    def classifier(call: Call) -> Classifier | None:
        with EQUIPPING:
            if run.hub.classifier is None:
                run.hub.classifier, run.hub.classifier_reason = build_classifier(run.hub.config)
        return classifier_of(run.hub, call)

    listener = build_listener(run.hub.config)
    return second_pass_job(run, listener, lambda path, channel: FileSource(path, channels=(channel,)), classifier)


def equip(hub: Hub) -> None:
    """Give a job worker recogniser and classifier, once, when the first job needs them."""
    with EQUIPPING:
        if hub.recognizer is None:
            hub.recognizer, hub.recognizer_info = build_recognizer(hub.config)
        if hub.classifier is None:
            hub.classifier, hub.classifier_reason = build_classifier(hub.config)


def build_queue(config: Config) -> HueyQueue:
    """Return the queue of long jobs. Raises: ConfigError."""
    from hotline.queues.huey_queue import build_queue as build

    return build(config["jobs_url"], config.data_dir, config.integer("job_threads"))


def run_job_worker(config: Config) -> None:
    """Do jobs until told to stop. This process has neither recogniser nor classifier: jobs load what they need."""
    from hotline import jobs

    hub = build(config, with_recognizer=False, with_classifier=False, with_dispatcher=False, with_job_worker=False)
    try:
        jobs.work(hub, job_functions())
    finally:
        hub.close()


def load_demo_month(config: Config, report: Callable[[int, int], None]) -> Loaded:
    """Store the demonstration month; what is there stays. Raises: ModelError."""
    from classifiers.dataset import CALLS_FILE
    from hotline.demo_month import load_month
    from hotline.demo_month.load import MonthClock
    from hotline.stores import SqlStore

    hub = build(config, with_recognizer=False, with_dispatcher=False, with_job_worker=False)
    clock = MonthClock(utc_now)
    hub.store.close()
    hub.clock, hub.store = clock, SqlStore(config.database_url, hub.bus, clock)
    try:
        return load_month(hub, clock, CALLS_FILE, report)
    finally:
        hub.close()


def build(
    config: Config,
    *,
    with_recognizer: bool = True,
    with_classifier: bool = True,
    with_dispatcher: bool | None = None,
    with_job_worker: bool = True,
) -> Hub:
    """Wire one process. Dispatcher and job worker start with it unless the settings say that they run elsewhere."""
    from hotline.decider import Decider
    from hotline.job_process import JobWorkerProcess
    from hotline.live import LiveCalls
    from hotline.predicting import predict_call
    from hotline.stores.recordings import WavRecordingStore
    from hotline.switchboard import LiveSwitchboard
    from hotline.uploads import clean_inbox

    bus = build_bus()
    store = build_store(config, bus)
    recordings = WavRecordingStore(config.data_dir / "recordings")
    for call_id in store.interrupt_stale_calls():
        recordings.repair(call_id)
    if with_recognizer:
        recognizer, info = build_recognizer(config)
    else:
        recognizer, info = None, EngineInfo("off", "", "本进程不做语音识别")
    classifier, reason = build_classifier(config) if with_classifier else (None, "本进程不做分类")
    hub = Hub(
        config=config,
        clock=utc_now,
        store=store,
        bus=bus,
        recordings=recordings,
        scripts=ScriptLibrary.load(),
        recognizer=recognizer,
        recognizer_info=info,
        classifier=classifier,
        models=build_models(config, classifier),
        can_train=can_train(),
        classifier_reason=reason,
    )
    hub.decider = Decider(lambda call_id: predict_call(hub, call_id))
    hub.live = LiveCalls(hub)
    hub.queue = build_queue(config)
    clean_inbox(config)
    hub.job_kinds = tuple(job_functions())
    if with_job_worker and config["job_worker"] == "inline":
        hub.job_worker = JobWorkerProcess()
    hub.switchboard = LiveSwitchboard(hub)
    if config["freeze_dispatch"] == "inline" if with_dispatcher is None else with_dispatcher:
        hub.dispatcher = build_dispatcher(config, store)
        hub.hook_dispatcher = build_hook_dispatcher(config, store)
        hub.dispatcher.start()
        hub.hook_dispatcher.start()
    if with_recognizer:
        hub.telephony = build_telephony(config, hub)
    return hub


def build_telephony(config: Config, hub: Hub) -> Telephony | None:
    """Listen for telephone streams where the settings ask for it. Raises: ConfigError."""
    from hotline.sources.telephony.server import Telephony
    from hotline.sources.telephony.settings import telephony_settings

    settings = telephony_settings(config)
    return Telephony(hub.switchboard, settings) if settings else None


def build_dispatcher(config: Config, store: Store) -> FreezeDispatcher:
    """Return the sender of payment-stop requests, not yet started."""
    from hotline.gateways.dispatcher import FreezeDispatcher
    from hotline.gateways.http import HttpFreezeGateway

    gateway = HttpFreezeGateway(config["freeze_url"], config["freeze_token"], config.number("freeze_timeout_s"))
    return FreezeDispatcher(store, gateway, utc_now)


def build_hook_dispatcher(config: Config, store: Store) -> HookDispatcher:
    """Return the sender of web hooks, not yet started."""
    from hotline.gateways.webhooks import HookDispatcher

    return HookDispatcher(store, utc_now, config.number("webhook_timeout_s"))
