/** The report on screen; span and day are kept in the address. */

import { signal } from "@preact/signals";
import { api } from "../api";
import { pageProblem } from "../problem";

export type Span = "day" | "month";

export interface Line {
  key: string;
  calls: number;
  persons: number;
  at_risk_fen: number;
  prevented_fen: number;
  stopped_fen: number;
  returned_fen: number;
}

export interface Report {
  span: Span;
  first: string;
  last: string;
  received: number;
  outcomes: Line[];
  total: Line;
  times: Line[];
  persons_by_time: Record<string, number>[];
  types: Line[];
  freezes: Record<string, number>;
}

const given = new URLSearchParams(location.hash.slice(1));
export const span = signal<Span>(given.get("span") === "month" ? "month" : "day");
export const day = signal(given.get("day") || today());
export const report = signal<Report | null>(null);
export const { problem, attempt } = pageProblem();

function today(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
}

export function query(): string {
  return new URLSearchParams({ span: span.value, day: day.value }).toString();
}

/** Load what the address asks for. */
export async function openReports(): Promise<void> {
  history.replaceState(null, "", `#${query()}`);
  await attempt(async () => {
    report.value = await api<Report>("GET", `/reports?${query()}`);
  });
}

export function choose(nextSpan: Span, nextDay: string): void {
  span.value = nextSpan;
  if (nextDay) day.value = nextDay;
  void openReports();
}

/** Go to the next (1) or previous (-1) day or month. */
export function step(direction: 1 | -1): void {
  const [year, month, date] = day.value.split("-").map(Number) as [number, number, number];
  const moved = span.value === "day" ? new Date(Date.UTC(year, month - 1, date + direction)) : new Date(Date.UTC(year, month - 1 + direction, 1));
  choose(span.value, moved.toISOString().slice(0, 10));
}
