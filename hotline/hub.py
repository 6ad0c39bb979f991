"""Everything that a running console holds together; made by `hotline.bootstrap`, passed to every handler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hotline.config import Config
from hotline.job_ports import JobQueue
from hotline.ports import Classifier, Clock, EngineInfo, EventBus, Recognizer, RecordingStore, Store
from hotline.scripts import ScriptLibrary
from hotline.streams import RtpPorts
from hotline.training_ports import ModelLibrary

if TYPE_CHECKING:
    from hotline.decider import Decider
    from hotline.gateways.dispatcher import FreezeDispatcher
    from hotline.gateways.webhooks import HookDispatcher
    from hotline.job_process import JobWorkerProcess
    from hotline.live import LiveCalls
    from hotline.sources.telephony.server import Telephony
    from hotline.switchboard import LiveSwitchboard


@dataclass
class Hub:
    """The parts of one process. `recognizer` and `classifier` are None when they cannot run."""

    config: Config
    clock: Clock
    store: Store
    bus: EventBus
    recordings: RecordingStore
    scripts: ScriptLibrary
    recognizer: Recognizer | None
    recognizer_info: EngineInfo
    classifier: Classifier | None
    classifier_reason: str = ""
    """Why there is no classifier; empty when there is one."""
    models: ModelLibrary | None = None
    """All classifiers; None where there is only `classifier`."""
    can_train: bool = False
    """Whether the training packages are installed."""
    dispatcher: FreezeDispatcher | None = None
    queue: JobQueue | None = None
    job_kinds: tuple[str, ...] = ()
    """What `hotline.jobs.start_job` accepts."""
    job_worker: JobWorkerProcess | None = None
    hook_dispatcher: HookDispatcher | None = None
    telephony: Telephony | None = None
    """None when no telephone protocol is switched on."""
    live: LiveCalls = field(init=False)
    decider: Decider = field(init=False)
    switchboard: LiveSwitchboard = field(init=False)

    @property
    def rtp(self) -> RtpPorts | None:
        """RTP receivers; None when no RTP ports are configured."""
        return self.telephony.rtp if self.telephony else None

    def close(self) -> None:
        """Stop calls and workers, then release the database."""
        if self.telephony:
            self.telephony.close()
        self.switchboard.close()
        self.live.close()
        self.decider.close()
        if self.job_worker:
            self.job_worker.close()
        if self.queue:
            self.queue.close()
        for dispatcher in (self.dispatcher, self.hook_dispatcher):
            if dispatcher:
                dispatcher.close()
        if self.recognizer:
            self.recognizer.close()
        self.bus.close()
        self.store.close()
