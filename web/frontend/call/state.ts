/** What the call page knows: one snapshot, then every event applied in its order. */

import { computed, signal } from "@preact/signals";
import { api } from "../api";
import { boot, scamName } from "../boot";
import { pageProblem } from "../problem";
import { connection, eventsAfter, openStream } from "../stream";
import type {
  Alert,
  Call,
  CallEvent,
  Channel,
  ClassifierState,
  Entity,
  Facts,
  Freeze,
  Gap,
  Note,
  Prediction,
  RecognizerState,
  Segment,
  Snapshot,
  WrapUp,
} from "../types";

export const callId = boot.call_id ?? "";
export const call = signal<Call | null>(null);
export const segments = signal<Segment[]>([]);
export const entities = signal<Entity[]>([]);
export const prediction = signal<Prediction | null>(null);
export const gaps = signal<Gap[]>([]);
export const notes = signal<Note[]>([]);
export const freezes = signal<Freeze[]>([]);
export const wrapUp = signal<WrapUp | null>(null);
export const recognizer = signal<RecognizerState>(boot.recognizer);
export const classifier = signal<ClassifierState>(boot.classifier);
export const partials = signal<Partial<Record<Channel, { text: string; start_s: number }>>>({});
export const revealed = signal(false);
export const { problem, attempt } = pageProblem();
/** The transcript line that something points at; `at` makes pointing twice work. */
export const pointed = signal<{ segmentId: string; at: number } | null>(null);

export const isLive = computed(() => call.value?.state === "live");
let lastSeq = 0;
let stream: { close: () => void; reopen: () => void } | null = null;

/** Load the call and follow it. */
export async function openCall(): Promise<void> {
  await attempt(async () => takeSnapshot(await api<Snapshot>("GET", `/calls/${callId}`)));
  stream = openStream({
    url: () => `/api/v1/calls/${callId}/stream?after=${lastSeq}`,
    onMessage: applyEvent,
    poll: async () => (await eventsAfter(callId, lastSeq)).forEach(applyEvent),
  });
}

/** Say why, then see this call's personal data; the stream goes on unmasked. */
export async function reveal(reason: string): Promise<boolean> {
  if (revealed.value) return true;
  return attempt(async () => {
    takeSnapshot(await api<Snapshot>("POST", `/calls/${callId}/reveal`, { reason }));
    stream?.reopen();
  });
}

/** Send a command of this call. */
export function command(name: string, body: object): Promise<boolean> {
  return attempt(async () => {
    await api("POST", `/calls/${callId}/${name}`, body);
  });
}

/** Answer a safety question; the same answer again takes it back. */
export function answer(question: keyof Facts, value: boolean): void {
  const current = call.value;
  if (!current) return;
  const facts = { ...current.facts, [question]: current.facts[question] === value ? null : value };
  call.value = { ...current, facts };
  void command("facts", facts).then((sent) => {
    if (!sent && call.value) call.value = { ...call.value, facts: current.facts };
  });
}

/** Point at a transcript line. */
export function pointAt(segmentId: string | null): void {
  if (segmentId) pointed.value = { segmentId, at: Date.now() };
}

/** Put a request into the list, newest first. */
export function takeFreeze(freeze: Freeze): void {
  const known = freezes.value.find((other) => other.id === freeze.id);
  if (known?.updated_at && freeze.updated_at && known.updated_at > freeze.updated_at) return;
  const others = freezes.value.filter((other) => other.id !== freeze.id);
  freezes.value = [freeze, ...others].sort((a, b) => b.created_at.localeCompare(a.created_at));
}

/** Keep the account of the call that was saved. */
export function takeWrapUp(saved: WrapUp): void {
  wrapUp.value = saved;
  change({ disposition: saved.disposition, at_risk_fen: saved.at_risk_fen });
}

function takeSnapshot(snapshot: Snapshot): void {
  call.value = snapshot.call;
  segments.value = snapshot.segments;
  entities.value = snapshot.entities;
  prediction.value = snapshot.prediction;
  gaps.value = snapshot.gaps;
  notes.value = snapshot.notes;
  freezes.value = snapshot.freezes;
  wrapUp.value = snapshot.wrap_up;
  if (snapshot.recognizer) recognizer.value = snapshot.recognizer;
  if (snapshot.classifier) classifier.value = snapshot.classifier;
  revealed.value = snapshot.revealed;
  lastSeq = snapshot.last_seq;
}

/** Apply one event; stored events that are known already are passed over. */
export function applyEvent(event: CallEvent): void {
  if (event.seq) {
    if (event.seq <= lastSeq) return;
    lastSeq = event.seq;
  }
  handlers[event.type]?.(event.data, event);
}

const handlers: Record<string, (data: any, event: CallEvent) => void> = {
  segment: ({ segment }: { segment: Segment }) => {
    const known = segments.value.filter((other) => other.id !== segment.id);
    segments.value = [...known, segment].sort((a, b) => a.start_s - b.start_s);
    partials.value = { ...partials.value, [segment.channel]: undefined };
  },
  partial: ({ channel, text, start_s }: { channel: Channel; text: string; start_s: number }) => {
    partials.value = { ...partials.value, [channel]: text ? { text, start_s } : undefined };
  },
  channels_swapped: () => {
    const other = { operator: "caller", caller: "operator" } as const;
    segments.value = segments.value.map((segment) => ({ ...segment, channel: other[segment.channel] }));
    gaps.value = gaps.value.map((gap) => ({ ...gap, channel: other[gap.channel] }));
    prediction.value = null;
    if (call.value?.label_source === "model" && classifier.value.state === "ok") change({ label: null, label_name: "", label_probability: 0, label_source: "", risk: null });
  },
  entities: (data: { entities: Entity[] }) => {
    entities.value = data.entities;
  },
  prediction: (data: { prediction: Prediction }) => {
    prediction.value = data.prediction;
    const { label, name, probability, source, risk } = data.prediction.shown;
    change({ label, label_name: name, label_probability: probability, label_source: source, risk });
  },
  alert: ({ level }: Alert) => change({ risk: level }),
  facts: (facts: Facts) => change({ facts }),
  label_corrected: ({ label }: { label: string }) =>
    change({ label, label_name: scamName(label), label_probability: 1, label_source: "operator" }),
  note: ({ text }: { text: string }, event) => {
    notes.value = [...notes.value, { text, at: event.at }];
  },
  freeze: ({ freeze }: { freeze: Freeze }) => takeFreeze(freeze),
  segment_corrected: ({ segment }: { segment: Segment }) => {
    segments.value = segments.value.map((other) => (other.id === segment.id ? segment : other));
  },
  wrap_up: ({ wrap_up }: { wrap_up: WrapUp }) => takeWrapUp(wrap_up),
  audio_gap: (gap: Gap) => {
    gaps.value = [...gaps.value, gap];
  },
  recognizer: (state: RecognizerState) => {
    recognizer.value = state;
  },
  classifier: (state: ClassifierState) => {
    classifier.value = state;
  },
  call_ended: ({ state, duration_s }: { state: Call["state"]; duration_s: number }) => {
    partials.value = {};
    change({ state, duration_s });
  },
};

function change(values: Partial<Call>): void {
  if (call.value) call.value = { ...call.value, ...values };
}

export { connection };
