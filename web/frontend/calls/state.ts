/** The list of calls: one request, then changed rows. */

import { signal } from "@preact/signals";
import { api } from "../api";
import { pageProblem } from "../problem";
import { openStream } from "../stream";
import type { Call } from "../types";

export const calls = signal<Call[]>([]);
export const { problem, attempt } = pageProblem();
export const loaded = signal(false);

/** Load the list and follow it. */
export async function openCalls(): Promise<void> {
  await refresh().catch(() => undefined);
  openStream({ url: () => "/api/v1/calls/stream", onMessage: (data: { calls: Call[] }) => merge(data.calls), poll: refresh });
}

async function refresh(): Promise<void> {
  const found = await api<{ calls: Call[] }>("GET", "/calls");
  calls.value = found.calls;
  loaded.value = true;
}

function merge(fresh: Call[]): void {
  const byId = new Map(calls.value.map((call) => [call.id, call]));
  for (const call of fresh) byId.set(call.id, call);
  calls.value = [...byId.values()].sort((a, b) => b.started_at.localeCompare(a.started_at));
  loaded.value = true;
}

/** Open a call and go to its page. */
export async function start(body: object | FormData): Promise<void> {
  await attempt(async () => {
    const { call } = await api<{ call: Call }>("POST", "/calls", body);
    location.assign(`/calls/${call.id}`);
  });
}
