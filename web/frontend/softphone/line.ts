/** One microphone's way to the server: numbered frames, kept until acknowledged, sent again after a reconnect. */

import type { ErrorBody } from "../api";
import { uuid4 } from "../api";
import { boot } from "../boot";
import type { Channel } from "../types";

const KEPT_FRAMES = 500;
/** 10 seconds: what is older when the line comes back is lost and shown as a gap. */
const FRAME_MS = 20;
const AT_ONCE_FRAMES = 25;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;
const SILENCE_MS = 5000;

export type LineState = "connecting" | "open" | "broken" | "ended" | "refused";

export interface LineEvents {
  state: (state: LineState, error?: ErrorBody) => void;
  /** Frames that will never arrive, since the line was away for too long. */
  lost: (frames: number) => void;
}

export class Line {
  private socket: WebSocket | null = null;
  private kept: { index: number; frame: Int16Array }[] = [];
  private next = 0;
  private sent = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private timer = 0;
  private silence = 0;
  private over = false;
  private pushedAt = 0;
  private interrupted = false;
  private readonly session = uuid4();

  constructor(
    private readonly callId: string,
    private readonly channel: Channel,
    private readonly rateHz: number,
    private readonly events: LineEvents,
  ) {
    this.connect();
  }

  /** Take the next 20 ms. */
  push(frame: Int16Array): void {
    if (this.over) return;
    const now = performance.now();
    if (this.interrupted) {
      this.next += Math.max(0, Math.round((now - this.pushedAt) / FRAME_MS) - 1);
      this.interrupted = false;
    }
    this.pushedAt = now;
    this.kept.push({ index: this.next++, frame });
    if (this.kept.length > KEPT_FRAMES) {
      this.kept.shift();
      this.events.lost(1);
    }
    this.flush();
  }

  /** Say that the microphone was away: the time until its next frame is a gap. */
  interrupt(): void {
    this.interrupted = this.pushedAt > 0;
  }

  /** End the stream for good. */
  stop(): void {
    if (this.over) return;
    this.flush();
    this.over = true;
    clearTimeout(this.timer);
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "stop" }));
    else this.socket?.close();
    this.events.state("ended");
  }

  private connect(): void {
    this.events.state(this.next ? "broken" : "connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/calls/${this.callId}/microphone`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.sent = Number.MAX_SAFE_INTEGER;
    socket.onopen = () => {
      this.heard();
      const start = { type: "start", csrf_token: boot.csrf_token, channel: this.channel, rate_hz: this.rateHz, session: this.session };
      socket.send(JSON.stringify(start));
    };
    socket.onmessage = (message) => this.answer(JSON.parse(message.data));
    socket.onclose = () => this.closed(socket);
  }

  private answer(message: { type: string; next?: number; error?: ErrorBody }): void {
    this.heard();
    if (message.type === "ready") {
      this.pauseMs = FIRST_PAUSE_MS;
      this.sent = message.next ?? 0;
      this.events.state("open");
    }
    if (message.type === "ready" || message.type === "heard") {
      this.kept = this.kept.filter((item) => item.index >= (message.next ?? 0));
      this.flush();
    } else if (message.type === "ended") {
      this.end("ended");
    } else if (message.type === "error") {
      this.end("refused", message.error);
    }
  }

  /** Send what was not sent yet, whole runs of frames at a time. */
  private flush(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    let waiting = this.kept.filter((item) => item.index >= this.sent);
    while (waiting.length) {
      const run = waiting.slice(0, AT_ONCE_FRAMES);
      const first = run[0]!.index;
      const size = run[0]!.frame.byteLength;
      const message = new Uint8Array(4 + run.length * size);
      new DataView(message.buffer).setUint32(0, first, true);
      run.forEach((item, place) => message.set(new Uint8Array(item.frame.buffer), 4 + place * size));
      this.socket.send(message);
      this.sent = first + run.length;
      waiting = waiting.slice(run.length);
    }
  }

  private heard(): void {
    clearTimeout(this.silence);
    this.silence = window.setTimeout(() => this.socket?.close(), SILENCE_MS);
  }

  private closed(socket: WebSocket): void {
    if (socket !== this.socket || this.over) return;
    clearTimeout(this.silence);
    this.events.state("broken");
    this.timer = window.setTimeout(() => this.connect(), this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }

  private end(state: LineState, error?: ErrorBody): void {
    this.over = true;
    clearTimeout(this.silence);
    this.socket?.close();
    this.events.state(state, error);
  }
}
