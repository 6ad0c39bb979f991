/** One call being labelled: what was answered so far, with undo, and the way to the next call. */

import { computed, signal } from "@preact/signals";
import { boot } from "../boot";
import type { Segment } from "../types";
import { attempt } from "./requests";
import type { Answers, CallToLabel, Mark, Queue } from "./types";

export const STAGES = ["接触", "建立信任", "诱导", "转账", "追加"] as const;
const EMPTY: Answers = { label: null, stage: null, money_gone: null, coached: null, unsure: false, new_type: "", evidence: [] };
const CLAUSE = /[^，。！？、；：,.!?;\s…]+/g;

export const loaded = signal<CallToLabel | null>(null);
export const answers = signal<Answers>(EMPTY);
export const line = signal(0);
/** Number of the evidence that keys act on; proposals follow the accepted ones. */
export const chosen = signal(-1);
export const proposals = signal<Mark[]>([]);
export const finished = signal(false);
export const saved = signal("");
export const ready = computed(() => !!answers.value.label || answers.value.unsure || !!answers.value.new_type.trim());
export const marks = computed(() => [
  ...answers.value.evidence.map((mark) => ({ ...mark, accepted: true })),
  ...proposals.value.map((mark) => ({ ...mark, accepted: false })),
]);

interface Moment {
  answers: Answers;
  proposals: Mark[];
}
let past: Moment[] = [];

/** Load a call into the page. */
export async function open(callId: string): Promise<void> {
  const found = await attempt<CallToLabel>("GET", `/train/calls/${callId}`);
  if (!found) return;
  loaded.value = found;
  answers.value = found.mine ?? EMPTY;
  proposals.value = found.mine ? [] : (found.proposal?.evidence ?? []);
  past = [];
  line.value = 0;
  chosen.value = -1;
  finished.value = false;
  const address = `/train/calls/${callId}`;
  if (location.pathname !== address) history.pushState(null, "", address);
}

/** Start the page with the call of its address. */
export async function openLabelling(): Promise<void> {
  addEventListener("popstate", () => void open(location.pathname.split("/").at(-1) ?? ""));
  await open(boot.call_id ?? "");
}

/** Change answers so that it can be undone. */
export function change(fields: Partial<Answers>, left: Mark[] = proposals.value): void {
  past.push({ answers: answers.value, proposals: proposals.value });
  answers.value = { ...answers.value, ...fields };
  proposals.value = left;
}

export function setLabel(label: string): void {
  change({ label, unsure: false, new_type: "" });
}

/** Take over the proposed label, stage and answers; evidence is accepted one by one. */
export function acceptProposal(): void {
  const proposal = loaded.value?.proposal;
  if (!proposal?.label) return;
  const { label, stage, money_gone, coached } = proposal;
  change({ label, stage, money_gone, coached, unsure: false, new_type: "" });
}

export function toggleFact(name: "money_gone" | "coached", value: boolean): void {
  change({ [name]: answers.value[name] === value ? null : value });
}

export function nextStage(step: 1 | -1): void {
  const order = [null, ...STAGES];
  const at = order.indexOf(answers.value.stage as (typeof STAGES)[number] | null);
  change({ stage: order[(at + step + order.length) % order.length] ?? null });
}

export function moveLine(step: 1 | -1): void {
  const count = loaded.value?.segments.length ?? 0;
  line.value = Math.min(Math.max(line.value + step, 0), Math.max(count - 1, 0));
}

export function chooseEvidence(step: 1 | -1): void {
  const all = marks.value;
  if (!all.length) return;
  choose((chosen.value + step + all.length) % all.length);
}

export function choose(number: number): void {
  chosen.value = number;
  const home = loaded.value?.segments.findIndex((segment) => segment.id === marks.value[number]?.segment_id) ?? -1;
  if (home >= 0) line.value = home;
}

/** Accept the chosen proposal. */
export function acceptEvidence(): void {
  const mark = marks.value[chosen.value];
  if (!mark || mark.accepted) return;
  const { accepted: _, ...kept } = mark;
  const place = chosen.value - answers.value.evidence.length;
  change({ evidence: [...answers.value.evidence, kept] }, proposals.value.filter((_, index) => index !== place));
  chosen.value = answers.value.evidence.length - 1;
}

export function dropEvidence(): void {
  const mark = marks.value[chosen.value];
  if (!mark) return;
  const own = answers.value.evidence.length;
  if (mark.accepted) change({ evidence: answers.value.evidence.filter((_, index) => index !== chosen.value) });
  else change({}, proposals.value.filter((_, index) => index !== chosen.value - own));
  chosen.value = Math.min(chosen.value, marks.value.length - 1);
}

/** Mark the next clause of the line that has the focus; the same key again goes on to the one after. */
export function addEvidence(): void {
  const segment = loaded.value?.segments[line.value];
  if (!segment) return;
  const clauses = [...segment.text.matchAll(CLAUSE)].map((match) => [match.index, match.index + match[0].length] as const);
  const taken = answers.value.evidence.filter((mark) => mark.segment_id === segment.id);
  const free = clauses.find(([start, end]) => !taken.some((mark) => mark.start < end && mark.end > start));
  if (!free) return;
  const mark = { segment_id: segment.id, start: free[0], end: free[1], text: segment.text.slice(...free) };
  change({ evidence: [...answers.value.evidence, mark] });
  chosen.value = answers.value.evidence.length - 1;
}

/** Move an end of the chosen evidence by one character. */
export function moveEvidence(end: "start" | "end", step: 1 | -1): void {
  const mark = marks.value[chosen.value];
  const segment = loaded.value?.segments.find((candidate: Segment) => candidate.id === mark?.segment_id);
  if (!mark || !segment) return;
  if (!mark.accepted) acceptEvidence();
  const place = chosen.value;
  const moved = { ...answers.value.evidence[place]! };
  moved[end] += step;
  if (moved.start < 0 || moved.end > segment.text.length || moved.start >= moved.end) return;
  moved.text = segment.text.slice(moved.start, moved.end);
  change({ evidence: answers.value.evidence.map((other, index) => (index === place ? moved : other)) });
}

/** Store the label and go to the next call. */
export async function save(): Promise<void> {
  const call = loaded.value?.call;
  if (!call || !ready.value) return;
  const stored = await attempt("POST", `/train/calls/${call.id}/label`, answers.value);
  if (!stored) return;
  saved.value = call.id;
  await next();
}

/** Go to the next call of the queue that is not this one. */
export async function next(): Promise<void> {
  const queue = await attempt<Queue>("GET", "/train/queue");
  if (!queue) return;
  const here = loaded.value?.call.id;
  const rows = queue.rows;
  const at = rows.findIndex((row) => row.call_id === here);
  const row = rows[at + 1] ?? rows.find((other) => other.call_id !== here);
  if (row) await open(row.call_id);
  else finished.value = true;
}

/** Undo the last change on this page, else the label that was stored last. */
export async function undo(): Promise<void> {
  const before = past.pop();
  if (before) {
    answers.value = before.answers;
    proposals.value = before.proposals;
    chosen.value = Math.min(chosen.value, marks.value.length - 1);
    return;
  }
  const taken = await attempt<{ call_id: string }>("POST", "/train/undo");
  if (!taken) return;
  saved.value = "";
  await open(taken.call_id);
}
