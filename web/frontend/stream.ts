/** A live stream that connects again by itself, and polls where no stream can be had. */

import { signal } from "@preact/signals";
import { ApiError, api } from "./api";
import type { CallEvent } from "./types";

export type Connection = "connecting" | "live" | "polling" | "lost";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
const SILENCE_MS = 25000;

/** State of the page's stream, for people. */
export const connection = signal<Connection>("connecting");

interface Source {
  /** Address of the stream, asked for at each connection. */
  url: () => string;
  onMessage: (data: any) => void;
  /** Fetches what is new without a stream; throws when the server cannot be reached. */
  poll: () => Promise<void>;
}

/** Keep a stream open until `close`. Silence is taken as a lost connection. */
export function openStream(source: Source): { close: () => void; reopen: () => void } {
  let events: EventSource | null = null;
  let timer = 0;
  let silence = 0;
  let pauseMs = FIRST_PAUSE_MS;
  let closed = false;

  function heard(): void {
    clearTimeout(silence);
    silence = window.setTimeout(failed, SILENCE_MS);
  }

  function connect(): void {
    if (closed) return;
    disconnect();
    events = new EventSource(source.url());
    events.onopen = () => {
      connection.value = "live";
      pauseMs = FIRST_PAUSE_MS;
      heard();
    };
    events.onmessage = (message) => {
      heard();
      source.onMessage(JSON.parse(message.data));
    };
    events.addEventListener("alive", heard);
    events.addEventListener("renew", connect);
    events.onerror = failed;
  }

  function disconnect(): void {
    clearTimeout(timer);
    clearTimeout(silence);
    events?.close();
    events = null;
  }

  async function failed(): Promise<void> {
    disconnect();
    if (closed) return;
    try {
      await source.poll();
      connection.value = "polling";
    } catch (error) {
      connection.value = "lost";
      if (error instanceof ApiError && error.status === 401) return;
    }
    timer = window.setTimeout(connect, pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }

  connect();
  return {
    close: () => {
      closed = true;
      disconnect();
    },
    reopen: connect,
  };
}

/** Fetch the stored events of a call after a number. */
export async function eventsAfter(callId: string, seq: number): Promise<CallEvent[]> {
  return (await api<{ events: CallEvent[] }>("GET", `/calls/${callId}/events?after=${seq}`)).events;
}
