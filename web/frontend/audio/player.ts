/** Plays a call's recording and says where it is. One player a page; the waveform is drawn from the server's outline. */

import { type Signal, signal } from "@preact/signals";
import type WaveSurfer from "wavesurfer.js";
import { ApiError, api } from "../api";
import { boot } from "../boot";

export const RATES = [0.75, 1, 1.25, 1.5, 2] as const;
const HEIGHT_PX = 34;
const COLOURS: Record<string, { waveColor: string; progressColor: string }> = {
  operator: { waveColor: "#9db6d1", progressColor: "#35608f" },
  caller: { waveColor: "#d9b49d", progressColor: "#8a3b12" },
};

interface Outline {
  duration_s: number;
  channels: string[];
  peaks: number[][];
}

export type PlayerState = "loading" | "ready" | "none";

export interface Player {
  state: Signal<PlayerState>;
  /** Why there is nothing to hear, for people. */
  reason: Signal<string>;
  timeS: Signal<number>;
  durationS: Signal<number>;
  playing: Signal<boolean>;
  rate: Signal<number>;
  channels: Signal<string[]>;
  /** Draw the waveform into an element; returns how to take it away. */
  mount: (container: HTMLElement) => () => void;
  toggle: () => void;
  /** Go to a second of the call; plays on if it was playing. */
  seek: (seconds: number) => void;
  skip: (seconds: number) => void;
  /** Play from a second, up to another one if given. */
  play: (fromS?: number, untilS?: number) => void;
  pause: () => void;
  /** Take the next (1) or previous (-1) of `RATES`. */
  turnRate: (step: 1 | -1) => void;
}

/** Return the player of a call's recording; nothing is fetched before it is mounted. */
export function createPlayer(callId: string): Player {
  const media = new Audio();
  media.preload = "metadata";
  const state = signal<PlayerState>("loading");
  const reason = signal("");
  const timeS = signal(0);
  const durationS = signal(0);
  const playing = signal(false);
  const rate = signal(1);
  const channels = signal<string[]>([]);
  let stopAtS = Infinity;
  let frame = 0;

  function follow(): void {
    timeS.value = media.currentTime;
    if (media.currentTime >= stopAtS) pause();
    if (!media.paused) frame = requestAnimationFrame(follow);
  }
  media.addEventListener("play", () => {
    playing.value = true;
    cancelAnimationFrame(frame);
    follow();
  });
  for (const kind of ["pause", "ended"]) media.addEventListener(kind, () => (playing.value = false));
  for (const kind of ["seeked", "timeupdate"]) media.addEventListener(kind, () => (timeS.value = media.currentTime));

  function pause(): void {
    stopAtS = Infinity;
    media.pause();
  }

  function seek(seconds: number): void {
    stopAtS = Infinity;
    media.currentTime = Math.min(Math.max(seconds, 0), durationS.value || seconds);
    timeS.value = media.currentTime;
  }

  function play(fromS?: number, untilS?: number): void {
    if (state.value !== "ready") return;
    if (fromS !== undefined) seek(fromS);
    stopAtS = untilS ?? Infinity;
    void media.play().catch(() => (playing.value = false));
  }

  function mount(container: HTMLElement): () => void {
    let wave: WaveSurfer | null = null;
    let gone = false;
    void (async () => {
      try {
        const outline = await api<Outline>("GET", `/calls/${callId}/waveform`);
        const { default: Waves } = await import("wavesurfer.js");
        if (gone) return;
        media.src = `/api/v1/calls/${callId}/audio`;
        durationS.value = outline.duration_s;
        channels.value = outline.channels;
        wave = Waves.create({
          container,
          media,
          peaks: outline.peaks,
          duration: outline.duration_s,
          height: HEIGHT_PX,
          normalize: true,
          cursorColor: "#18212f",
          cursorWidth: 2,
          dragToSeek: true,
          hideScrollbar: true,
          cspNonce: boot.style_nonce,
          splitChannels: outline.channels.map((channel) => ({ ...COLOURS[channel], height: HEIGHT_PX })),
        });
        state.value = "ready";
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        state.value = "none";
        reason.value = error.body.message;
      }
    })();
    return () => {
      gone = true;
      pause();
      wave?.destroy();
    };
  }

  function turnRate(step: 1 | -1): void {
    const place = RATES.indexOf(rate.value as (typeof RATES)[number]) + step;
    rate.value = RATES[Math.min(Math.max(place, 0), RATES.length - 1)]!;
    media.playbackRate = rate.value;
  }

  return {
    state,
    reason,
    timeS,
    durationS,
    playing,
    rate,
    channels,
    mount,
    toggle: () => (media.paused ? play() : pause()),
    seek,
    skip: (seconds) => seek(media.currentTime + seconds),
    play,
    pause,
    turnRate,
  };
}
