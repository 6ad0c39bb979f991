/** The search: its conditions, kept in the address after `#` so that they reach no server log, and what it found. */

import { computed, signal } from "@preact/signals";
import { ApiError, type ErrorBody, api } from "../api";
import type { FoundCall } from "../types";

export const FIELDS = ["text", "since", "until", "label", "risk", "operator_id", "disposition", "amount"] as const;
export type Field = (typeof FIELDS)[number];
export type Conditions = Record<Field, string>;

export const conditions = signal<Conditions>(fromAddress());
export const found = signal<FoundCall[] | null>(null);
const cursor = signal("");
export const more = computed(() => cursor.value !== "");
export const busy = signal(false);
export const problem = signal<ErrorBody | null>(null);
/** The text of the results on screen, which may no longer be what is typed. */
export const searchedText = signal("");
export const anyCondition = computed(() => FIELDS.some((field) => conditions.value[field] !== ""));

let running = 0;

function fromAddress(): Conditions {
  const given = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(FIELDS.map((field) => [field, given.get(field) ?? ""])) as Conditions;
}

function toAddress(): void {
  const set = FIELDS.filter((field) => conditions.value[field] !== "").map((field) => [field, conditions.value[field]] as [string, string]);
  const hash = new URLSearchParams(set).toString();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname);
}

/** Show the newest calls, or what the address asks for. */
export async function openArchive(): Promise<void> {
  addEventListener("hashchange", () => {
    conditions.value = fromAddress();
    void search();
  });
  await search();
}

/** Change a condition; the search follows on submit. */
export function set(field: Field, value: string): void {
  conditions.value = { ...conditions.value, [field]: value };
}

/** Drop all conditions and search again. */
export function clear(): void {
  conditions.value = Object.fromEntries(FIELDS.map((field) => [field, ""])) as Conditions;
  void search();
}

/** Search anew; an answer that a later search has overtaken is dropped. */
export async function search(): Promise<void> {
  toAddress();
  await request("");
}

/** Add the next page of results. */
export async function showMore(): Promise<void> {
  await request(cursor.value);
}

async function request(from: string): Promise<void> {
  const mine = ++running;
  const { text } = conditions.value;
  busy.value = true;
  problem.value = null;
  try {
    const answer = await api<{ calls: FoundCall[]; cursor: string }>("POST", "/archive", { ...body(), cursor: from });
    if (mine !== running) return;
    found.value = from ? [...(found.value ?? []), ...answer.calls] : answer.calls;
    cursor.value = answer.cursor;
    searchedText.value = text;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (mine === running) problem.value = error.body;
  } finally {
    if (mine === running) busy.value = false;
  }
}

/** The conditions as the API takes them: days as moments in the user's time zone, the amount as a number. */
function body(): Record<string, string | number | null> {
  const { amount, since, until, ...rest } = conditions.value;
  return { ...rest, since: midnight(since), until: midnight(until), amount_yuan_from: amount === "" ? null : Number(amount) };
}

function midnight(day: string): string {
  return day ? new Date(`${day}T00:00:00`).toISOString() : "";
}
