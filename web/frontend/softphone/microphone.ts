/** A microphone of this computer: asking for it, its level, and what can go wrong with it. */

import type { MessageKey } from "../boot";

const RATE_HZ = 16000;
const WORKLET = "/static/dist/softphone.js";

/** Why there is no sound. */
export type Trouble = "insecure" | "unsupported" | "refused" | "none" | "busy" | "vanished" | "failed";

export const TROUBLE: Record<Trouble, MessageKey> = {
  insecure: "mic_insecure",
  unsupported: "mic_unsupported",
  refused: "mic_refused",
  none: "mic_none",
  busy: "mic_busy",
  vanished: "mic_vanished",
  failed: "mic_failed",
};

export interface Processing {
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
}

export class MicrophoneTrouble extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
  }
}

export interface Microphone {
  rateHz: number;
  label: string;
  stop: () => void;
}

/** Return the inputs that the browser knows; names are empty until the permission was given. */
export async function listInputs(): Promise<MediaDeviceInfo[]> {
  const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return found.filter((device) => device.kind === "audioinput" && device.deviceId !== "communications");
}

/** Open a microphone; `frame` gets 20 ms at a time. Throws MicrophoneTrouble. */
export async function openMicrophone(
  deviceId: string,
  processing: Processing,
  frame: (samples: Int16Array, level: number) => void,
  vanished: () => void,
): Promise<Microphone> {
  if (!isSecureContext) throw new MicrophoneTrouble("insecure");
  if (!navigator.mediaDevices || typeof AudioWorkletNode === "undefined") throw new MicrophoneTrouble("unsupported");
  const stream = await ask(deviceId, processing);
  const track = stream.getAudioTracks()[0]!;
  try {
    const { context, source } = await connect(stream);
    const cutter = new AudioWorkletNode(context, "frame-cutter", { numberOfOutputs: 0 });
    cutter.port.onmessage = ({ data }) => frame(data.frame, data.level);
    source.connect(cutter);
    let stopped = false;
    const stop = () => {
      stopped = true;
      track.stop();
      void context.close();
    };
    track.onended = () => {
      if (stopped) return;
      stop();
      vanished();
    };
    return { rateHz: context.sampleRate, label: track.label, stop };
  } catch {
    track.stop();
    throw new MicrophoneTrouble("failed");
  }
}

/** Let the browser resample to 16 kHz; one that cannot gives its own rate and the server resamples. */
async function connect(stream: MediaStream): Promise<{ context: AudioContext; source: MediaStreamAudioSourceNode }> {
  for (const options of [{ sampleRate: RATE_HZ }, {}]) {
    const context = new AudioContext(options);
    try {
      const source = context.createMediaStreamSource(stream);
      await context.audioWorklet.addModule(WORKLET);
      await context.resume();
      return { context, source };
    } catch (error) {
      void context.close();
      if (!options.sampleRate) throw error;
    }
  }
  throw new MicrophoneTrouble("failed");
}

async function ask(deviceId: string, processing: Processing): Promise<MediaStream> {
  const audio = { ...processing, channelCount: 1, ...(deviceId ? { deviceId: { exact: deviceId } } : {}) };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotAllowedError" || name === "SecurityError") throw new MicrophoneTrouble("refused");
    if (name === "NotFoundError" || name === "OverconstrainedError") throw new MicrophoneTrouble("none");
    if (name === "NotReadableError" || name === "AbortError") throw new MicrophoneTrouble("busy");
    throw new MicrophoneTrouble("failed");
  }
}
