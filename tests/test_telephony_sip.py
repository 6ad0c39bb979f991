"""A SIP phone of Debian's (baresip) sends real media; sipp answers for us and points it at our RTP port."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from hotline.sources.telephony.access import Access, Limits
from hotline.sources.telephony.rtp import RtpSettings
from hotline.streams import CallSpec
from tests.conftest import MakeHub
from tests.synth import write_wav
from tests.telephony import ended_call, listening
from tests.test_telephony_rtp import PAYLOADS

RATE_HZ = 8000
TALK_S = 4
SIP_PORT = 45070
MODULES = ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules")


def own_address() -> str:
    """The address of this machine's network; baresip does not use the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def baresip_folder(folder: Path, address: str, modules: str, speech: Path) -> Path:
    """Configure a phone that speaks a file."""
    folder.mkdir()
    (folder / "config").write_text(
        f"""sip_listen {address}:0
audio_source aufile,{speech}
audio_player aufile,{folder}/played.wav
audio_alert aufile,{folder}/alert.wav
module_path {modules}
module g711.so
module aufile.so
module_tmp account.so
module_app menu.so
"""
    )
    (folder / "accounts").write_text(f"<sip:phone@{address}>;regint=0;audio_codecs=PCMU/8000\n")
    (folder / "contacts").touch()
    return folder


def answering_scenario(path: Path, address: str, port: int) -> Path:
    """Take sipp's own answering scenario; its media description names our RTP port."""
    scenario = subprocess.run(["sipp", "-sd", "uas"], capture_output=True, text=True).stdout
    scenario = scenario.replace("c=IN IP[media_ip_type] [media_ip]", f"c=IN IP4 {address}")
    path.write_text(scenario.replace("[media_port]", str(port)))
    return path


@pytest.mark.skipif(not (shutil.which("sipp") and shutil.which("baresip")), reason="sipp or baresip is not installed")
def test_a_sip_phone_is_heard(make_hub: MakeHub, tmp_path: Path) -> None:
    address = own_address()
    modules = next((folder for folder in MODULES if Path(folder).is_dir()), "")
    if not address or address.startswith("127.") or not modules:
        pytest.skip("baresip needs a network beside the loopback")
    tone = (np.sin(np.arange(TALK_S * RATE_HZ) * 2 * np.pi * 440 / RATE_HZ) * 8000).astype(np.int16)
    phone = baresip_folder(tmp_path / "phone", address, modules, write_wav(tmp_path / "speech.wav", [tone], RATE_HZ))
    hub = make_hub({"HOTLINE_STREAM_LINGER_S": "0.2"})
    rtp = RtpSettings(address, range(41800, 41890, 2), PAYLOADS)
    with listening(hub, rtp=rtp, access=Access.parse(address, ""), limits=Limits(idle_s=1.0)) as telephony:
        assert telephony.rtp
        port = telephony.rtp.open(CallSpec("sip-1"), "caller")
        scenario = answering_scenario(tmp_path / "answer.xml", address, port)
        answer = ["sipp", "-sf", str(scenario), "-i", address, "-p", str(SIP_PORT), "-m", "1", "-nostdin"]
        dial = ["baresip", "-f", str(phone), "-e", f"/dial sip:hotline@{address}:{SIP_PORT}", "-t", str(TALK_S)]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        answering = subprocess.Popen(answer, cwd=tmp_path, **quiet)  # type: ignore[call-overload]
        try:
            time.sleep(1)
            subprocess.run(dial, timeout=60, cwd=tmp_path, **quiet)  # type: ignore[call-overload]
        finally:
            answering.kill()
            answering.wait()
        view = ended_call(hub)
    assert (view["call"]["source"], view["call"]["external_id"]) == ("rtp", "sip-1")
    assert view["gaps"] == view["notes"] == []
    sound = np.frombuffer(Path(hub.recordings.paths(view["call"]["id"])["caller"]).read_bytes()[44:], np.int16)
    assert len(sound) > (TALK_S - 2) * RATE_HZ
    spectrum = np.abs(np.fft.rfft(sound[:RATE_HZ] * np.hanning(RATE_HZ)))
    assert abs(int(spectrum.argmax()) - 440) <= 2
