/** The two microphones that a call page can carry: the operator's, and one that hears the caller. */

import { signal } from "@preact/signals";
import type { ErrorBody } from "../api";
import type { Channel } from "../types";
import { Line, type LineState } from "./line";
import { type Microphone, MicrophoneTrouble, type Processing, type Trouble, listInputs, openMicrophone } from "./microphone";

const STORAGE = "softphone";
const FRAME_S = 0.02;

export interface Sender {
  phase: "off" | "asking" | "on" | "trouble";
  line: LineState | null;
  trouble: Trouble | null;
  error: ErrorBody | null;
  label: string;
  level: number;
  muted: boolean;
  lostS: number;
}

interface Choice extends Processing {
  deviceId: string;
}

const OFF: Sender = { phase: "off", line: null, trouble: null, error: null, label: "", level: 0, muted: false, lostS: 0 };
const CHOICE: Choice = { deviceId: "", echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export const inputs = signal<MediaDeviceInfo[]>([]);
export const senders = { operator: signal<Sender>(OFF), caller: signal<Sender>(OFF) };
export const choices = { operator: signal(stored("operator")), caller: signal(stored("caller")) };
const running: Partial<Record<Channel, { microphone: Microphone | null; line: Line | null }>> = {};

/** Follow which devices there are. */
export function watchInputs(): () => void {
  const refresh = async () => {
    inputs.value = await listInputs();
  };
  void refresh();
  navigator.mediaDevices?.addEventListener("devicechange", refresh);
  return () => navigator.mediaDevices?.removeEventListener("devicechange", refresh);
}

/** Choose a device or its processing; a microphone that is on is opened anew, its line stays. */
export function choose(channel: Channel, values: Partial<Choice>): void {
  choices[channel].value = { ...choices[channel].value, ...values };
  localStorage.setItem(`${STORAGE}-${channel}`, JSON.stringify(choices[channel].value));
  if (senders[channel].value.phase === "on") void open(channel);
}

/** Begin to send a microphone into a call. After trouble this goes on with the same line. */
export async function start(channel: Channel, callId: string): Promise<void> {
  running[channel] ??= { microphone: null, line: null };
  await open(channel, callId);
}

/** Stop sending. */
export function stop(channel: Channel): void {
  running[channel]?.microphone?.stop();
  running[channel]?.line?.stop();
  delete running[channel];
  senders[channel].value = OFF;
}

/** Send silence instead of what the microphone hears, or stop doing so. */
export function toggleMute(channel: Channel): void {
  change(channel, { muted: !senders[channel].value.muted });
}

async function open(channel: Channel, callId = ""): Promise<void> {
  const parts = running[channel];
  if (!parts) return;
  parts.microphone?.stop();
  parts.microphone = null;
  parts.line?.interrupt();
  change(channel, { phase: "asking", trouble: null, error: null });
  try {
    const { deviceId, ...processing } = choices[channel].value;
    const microphone = await openMicrophone(deviceId, processing, (frame, level) => hear(channel, frame, level), () => lose(channel, "vanished"));
    if (running[channel] !== parts) return microphone.stop();
    parts.microphone = microphone;
    parts.line ??= new Line(callId, channel, microphone.rateHz, {
      state: (line, error) => lineChanged(channel, line, error),
      lost: (frames) => change(channel, { lostS: senders[channel].value.lostS + frames * FRAME_S }),
    });
    change(channel, { phase: "on", label: microphone.label });
    inputs.value = await listInputs();
  } catch (error) {
    lose(channel, error instanceof MicrophoneTrouble ? error.trouble : "failed");
  }
}

function hear(channel: Channel, frame: Int16Array, level: number): void {
  const { muted, level: shown } = senders[channel].value;
  running[channel]?.line?.push(muted ? new Int16Array(frame.length) : frame);
  const fresh = muted ? 0 : level;
  const smooth = Math.max(fresh, shown * 0.85);
  if (Math.abs(smooth - shown) > 0.002) change(channel, { level: smooth });
}

function lose(channel: Channel, trouble: Trouble): void {
  change(channel, { phase: "trouble", trouble, level: 0 });
  void listInputs().then((found) => (inputs.value = found));
}

function lineChanged(channel: Channel, line: LineState, error?: ErrorBody): void {
  if (line !== "ended" && line !== "refused") return change(channel, { line });
  running[channel]?.microphone?.stop();
  delete running[channel];
  senders[channel].value = { ...OFF, line, error: error ?? null };
}

function change(channel: Channel, values: Partial<Sender>): void {
  senders[channel].value = { ...senders[channel].value, ...values };
}

function stored(channel: Channel): Choice {
  try {
    return { ...CHOICE, ...JSON.parse(localStorage.getItem(`${STORAGE}-${channel}`) ?? "{}") };
  } catch {
    return CHOICE;
  }
}
