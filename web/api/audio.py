"""A call's recording for the audio player."""

from __future__ import annotations

from typing import IO, cast

from flask import Response, jsonify, request
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import FileWrapper

from hotline.playback import CallAudio
from web.api import blueprint
from web.context import hub
from web.roles import Permission, requires

BLOCK_BYTES = 256 * 1024


@blueprint.get("/calls/<call_id>/audio")
@requires(Permission.LISTEN)
def call_audio(call_id: str) -> BaseResponse:
    """The recording as WAV, operator left and caller right, in pieces where the browser asks for pieces."""
    audio = CallAudio(hub().recordings.paths(call_id))
    response = Response(FileWrapper(cast(IO[bytes], audio), BLOCK_BYTES), mimetype="audio/wav", direct_passthrough=True)
    response.content_length = audio.size
    response.make_conditional(request.environ, accept_ranges=True, complete_length=audio.size)
    return response


@blueprint.get("/calls/<call_id>/waveform")
@requires(Permission.LISTEN)
def call_waveform(call_id: str) -> BaseResponse:
    """How loud each side is over the call, so that the browser need not decode the recording to draw it."""
    audio = CallAudio(hub().recordings.paths(call_id))
    return jsonify({"duration_s": audio.duration_s, "channels": audio.channels, "peaks": audio.outline()})
