/** Requests that wait for a second person, the one that is open, and the decision on it. */

import { signal } from "@preact/signals";
import { api } from "../api";
import { pageProblem } from "../problem";
import type { Call, Freeze } from "../types";

export interface Waiting extends Freeze {
  maker: string;
  own: boolean;
}

export interface Whole {
  freeze: Freeze;
  maker: string;
  own: boolean;
  stops: { id: string; status: string; receipt: string; stopped_at: string | null; hold_expires_at: string | null }[];
  decisions: { by: string; at: string; approved: boolean; reason: string }[];
  call: Call | null;
  names: Record<string, string>;
}

const REFRESH_MS = 5000;

export const waiting = signal<Waiting[] | null>(null);
export const whole = signal<Whole | null>(null);
export const decided = signal<Freeze | null>(null);
export const { problem, attempt } = pageProblem();
export const busy = signal(false);

/** Load the queue and keep it fresh. */
export async function openFreezes(): Promise<void> {
  await refresh();
  setInterval(() => void refresh(), REFRESH_MS);
}

async function refresh(): Promise<void> {
  await attempt(async () => {
    waiting.value = (await api<{ freezes: Waiting[] }>("GET", "/freezes/waiting")).freezes;
  });
}

/** Show a request in full; the view is audited. */
export async function open(id: string): Promise<void> {
  decided.value = null;
  await attempt(async () => {
    whole.value = await api<Whole>("GET", `/freezes/${id}`);
  });
}

/** Open the next (1) or previous (-1) request. */
export function move(step: 1 | -1): void {
  const rows = waiting.value ?? [];
  const place = rows.findIndex((row) => row.id === whole.value?.freeze.id);
  const next = rows[Math.min(Math.max(place + step, 0), rows.length - 1)];
  if (next && next.id !== whole.value?.freeze.id) void open(next.id);
}

/** Let the open request go out, or send it back. */
export async function decide(approved: boolean, reason: string): Promise<void> {
  const request = whole.value;
  if (!request || busy.value) return;
  busy.value = true;
  const done = await attempt(async () => {
    const { freeze } = await api<{ freeze: Freeze }>("POST", `/freezes/${request.freeze.id}/decision`, { approved, reason });
    decided.value = freeze;
    whole.value = null;
    waiting.value = (waiting.value ?? []).filter((row) => row.id !== freeze.id);
  });
  busy.value = false;
  if (done) await refresh();
}
