/** All live calls, sorted by how urgent they are; every message of the stream holds them all. */

import { computed, signal } from "@preact/signals";
import { api } from "../api";
import { openStream } from "../stream";
import type { Call, FreezeStatus, Risk } from "../types";

export interface BoardCall extends Call {
  freeze_status: FreezeStatus | null;
}

const URGENCY: (Risk | null)[] = ["紧急", "高", "中", null, "低"];

export const calls = signal<BoardCall[] | null>(null);
/** The most urgent first: coached before not, then money gone, then more money at risk, then the longest call. */
export const sorted = computed(() => [...(calls.value ?? [])].sort((a, b) => compare(rank(a), rank(b))));
export const selectedId = signal("");

/** Load the board and follow it. */
export async function openBoard(): Promise<void> {
  await refresh().catch(() => undefined);
  openStream({ url: () => "/api/v1/board/stream", onMessage: (data: { calls: BoardCall[] }) => (calls.value = data.calls), poll: refresh });
}

async function refresh(): Promise<void> {
  calls.value = (await api<{ calls: BoardCall[] }>("GET", "/board")).calls;
}

/** Move the selection by a number of rows. */
export function move(step: 1 | -1): void {
  const rows = sorted.value;
  const place = rows.findIndex((call) => call.id === selectedId.value);
  const next = rows[Math.min(Math.max(place + step, 0), rows.length - 1)];
  if (next) selectedId.value = next.id;
}

function rank(call: BoardCall): number[] {
  return [
    URGENCY.indexOf(call.risk),
    call.facts.being_coached ? 0 : 1,
    call.facts.money_gone ? 0 : 1,
    -call.at_risk_fen,
    Date.parse(call.started_at),
  ];
}

function compare(a: number[], b: number[]): number {
  for (let place = 0; place < a.length; place++) if (a[place] !== b[place]) return a[place]! - b[place]!;
  return 0;
}
