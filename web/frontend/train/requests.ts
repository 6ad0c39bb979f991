/** Requests of the trainer's pages; what the server refuses is shown, not thrown. */

import { api } from "../api";
import { pageProblem } from "../problem";
import type { Job } from "./types";

const POLL_MS = 1000;

const page = pageProblem();
export const { problem } = page;

/** Run a request; undefined when the server refused, which `problem` then tells. */
export async function attempt<T>(method: "GET" | "POST", path: string, body?: object | FormData): Promise<T | undefined> {
  let answer: T | undefined;
  await page.attempt(async () => {
    answer = await api<T>(method, path, body ?? (method === "POST" ? {} : undefined));
  });
  return answer;
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
