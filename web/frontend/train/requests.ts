/** Requests of the trainer's pages; what the server refuses is shown, not thrown. */

import { signal } from "@preact/signals";
import { ApiError, type ErrorBody, api } from "../api";
import type { Job } from "./types";

const POLL_MS = 1000;

export const problem = signal<ErrorBody | null>(null);

/** Run a request; undefined when the server refused, which `problem` then tells. */
export async function attempt<T>(method: "GET" | "POST", path: string, body?: object | FormData): Promise<T | undefined> {
  try {
    const answer = await api<T>(method, path, body ?? (method === "POST" ? {} : undefined));
    problem.value = null;
    return answer;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    problem.value = error.body;
    return undefined;
  }
}

export function isOpen(job: Job | null | undefined): boolean {
  return job?.state === "queued" || job?.state === "running";
}

/** Ask for a job until it is over; each answer goes to `onChange`. */
export async function follow(job: Job, onChange: (job: Job) => void): Promise<void> {
  let newest = job;
  onChange(newest);
  while (isOpen(newest)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const answer = await api<{ job: Job }>("GET", `/jobs/${job.id}`).catch(() => null);
    if (answer) onChange((newest = answer.job));
  }
}
