/** What the review page knows: the call with its words, the checklist being filled in, and the recording. */

import { computed, signal } from "@preact/signals";
import { api } from "../api";
import type { Spoken, TimedWord } from "../audio/words";
import { createPlayer } from "../audio/player";
import { boot } from "../boot";
import { pageProblem } from "../problem";
import type { Call, Channel, Entity, Segment, WrapUp } from "../types";

export interface ReviewSegment extends Segment, Spoken {
  words: TimedWord[];
  heard?: { text: string; channel: Channel };
  corrected?: { by: string; at: string };
}

export type Answer = "yes" | "no" | "na";

export interface Quality {
  by: string;
  at: string;
  answers: Record<string, Answer>;
  comment: string;
  score: number;
  breached: string[];
  passed: boolean;
}

export interface Review {
  call: Call;
  segments: ReviewSegment[];
  entities: Entity[];
  labels: { by: string; at: string; label: string; model_label: string | null }[];
  /** What the model says of the corrected words; null while nothing is corrected. */
  advice: { label: string; probability: number } | null;
  wrap_up: WrapUp | null;
  quality: Quality[];
  trainer_mark: { by: string; at: string; comment: string } | null;
  checklist: { item: string; red_line: boolean }[];
  pass_score: number;
  hints: {
    questions_after_s: number | null;
    read_back: { confirmed: number; heard: number };
    red_lines: { code: string; segment_id: string; start_s: number; text: string }[];
  };
  names: Record<string, string>;
  revealed: boolean;
}

const path = `/calls/${boot.call_id}`;
export const review = signal<Review | null>(null);
export const { problem, attempt } = pageProblem();
export const answers = signal<Record<string, Answer>>({});
export const comment = signal("");
export const selectedId = signal("");
export const editingId = signal("");
export const player = createPlayer(boot.call_id ?? "");
/** The line that is being heard. */
export const playingId = computed(() => {
  const at = player.timeS.value;
  return review.value?.segments.findLast((segment) => segment.start_s <= at && at <= segment.end_s)?.id ?? "";
});

/** Score and red lines of the answers so far, as the server will count them. */
export const score = computed(() => {
  const given = Object.values(answers.value).filter((answer) => answer !== "na");
  const breached = (review.value?.checklist ?? []).some(({ item, red_line }) => red_line && answers.value[item] === "no");
  const yes = given.filter((answer) => answer === "yes").length;
  return { breached, score: breached || !given.length ? 0 : Math.round((1000 * yes) / given.length) / 10 };
});
export const left = computed(() => (review.value?.checklist ?? []).filter(({ item }) => !answers.value[item]).length);

/** Load the call. */
export async function openReview(): Promise<void> {
  await attempt(async () => take(await api<Review>("GET", `${path}/review`)));
}

/** See the call unmasked; the reason is audited. */
export async function reveal(reason: string): Promise<boolean> {
  if (review.value?.revealed) return true;
  return attempt(async () => {
    await api("POST", `${path}/reveal`, { reason });
    review.value = await api<Review>("GET", `${path}/review`);
  });
}

/** Begin to correct a line, unmasked. */
export async function edit(segmentId: string): Promise<void> {
  if (!segmentId || !(await reveal("review_correction"))) return;
  player.pause();
  selectedId.value = segmentId;
  editingId.value = segmentId;
}

/** Store what was really said. */
export async function correct(segmentId: string, text: string, channel: Channel): Promise<void> {
  const saved = await attempt(async () => {
    review.value = await api<Review>("POST", `${path}/segments/${segmentId}/correct`, { text, channel });
  });
  if (saved) editingId.value = "";
}

/** Store the checklist. */
export async function saveQuality(): Promise<void> {
  await attempt(async () => {
    const { quality } = await api<{ quality: Quality }>("POST", `${path}/quality`, { answers: answers.value, comment: comment.value });
    if (review.value) review.value = { ...review.value, quality: [...review.value.quality, quality] };
  });
}

/** Ask a trainer to look at the call. */
export async function sendToTrainer(text: string): Promise<void> {
  await attempt(async () => {
    const { trainer_mark } = await api<Pick<Review, "trainer_mark">>("POST", `${path}/to-trainer`, { comment: text });
    if (review.value) review.value = { ...review.value, trainer_mark };
  });
}

/** Move the selection by a number of lines. */
export function move(step: 1 | -1): void {
  const lines = review.value?.segments ?? [];
  const from = lines.findIndex((segment) => segment.id === (selectedId.value || playingId.value));
  const next = lines[Math.min(Math.max(from + step, 0), lines.length - 1)];
  if (next) selectedId.value = next.id;
}

/** Play the selected line. */
export function playSelected(): void {
  const line = review.value?.segments.find((segment) => segment.id === selectedId.value);
  if (line) player.play(line.start_s, line.end_s);
}

function take(found: Review): void {
  review.value = found;
  const latest = found.quality.at(-1);
  answers.value = latest ? { ...latest.answers } : {};
  comment.value = latest?.comment ?? "";
}
