/** Recordings on their way: sent two at a time with progress, then followed while they are transcribed. */

import { computed, signal } from "@preact/signals";
import { ApiError, type ErrorBody, api, goToLogIn } from "../api";
import { boot, t } from "../boot";
import { bytesText } from "../format";

/** A file as the server knows it. */
export interface Upload {
  id: string;
  name: string;
  size: number;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  progress: number;
  message: string;
  call_id: string | null;
  layout: "" | "two_channel" | "single_speaker";
  duration_s: number;
  warning: string;
  asked_at: string;
}

export interface Limits {
  bytes: number;
  files: number;
  hours: number;
}

/** A file of this page: before and while it is sent, or refused. */
export interface Local {
  key: number;
  file: File;
  mirrored: boolean;
  sent: number;
  state: "local" | "uploading" | "failed";
  error: string;
  abort: (() => void) | null;
}

const AT_ONCE = 2;
const POLL_MS = 1000;
const IDLE_POLL_MS = 10000;

export const limits = signal<Limits | null>(null);
export const uploads = signal<Upload[]>([]);
export const locals = signal<Local[]>([]);
export const mirrored = signal(false);
export const loaded = signal(false);
export const problem = signal<ErrorBody | null>(null);
export const uploading = computed(() => locals.value.some((local) => local.state !== "failed"));
let nextKey = 1;

/** Load the list and follow it. */
export async function openUploads(): Promise<void> {
  addEventListener("beforeunload", (event) => {
    if (uploading.value) event.preventDefault();
  });
  for (;;) {
    await refresh();
    const busy = uploading.value || uploads.value.some((upload) => isOpen(upload));
    await new Promise((resolve) => setTimeout(resolve, busy ? POLL_MS : IDLE_POLL_MS));
  }
}

/** Say whether an upload is still to be finished. */
export function isOpen(upload: Upload): boolean {
  return upload.state === "queued" || upload.state === "running";
}

/** Take files from the chooser or a drop; what breaks a limit is listed with its reason, the others go on. */
export function add(files: File[]): void {
  const most = limits.value;
  const waiting = locals.value.filter((local) => local.state !== "failed").length + uploads.value.filter(isOpen).length;
  const room = Math.max((most?.files ?? files.length) - waiting, 0);
  const taken = files.slice(0, room);
  problem.value =
    files.length > room ? plain(t("upload_too_many", { files: most?.files ?? room, count: files.length - room })) : null;
  const fresh = taken.map((file): Local => {
    const error = !file.size ? t("upload_empty") : most && file.size > most.bytes ? t("upload_too_large", { size: bytesText(most.bytes) }) : "";
    return { key: nextKey++, file, mirrored: mirrored.value, sent: 0, state: error ? "failed" : "local", error, abort: null };
  });
  locals.value = [...locals.value, ...fresh];
  sendNext();
}

/** Take a file of this page out of the list, stopping it where it is being sent. */
export function drop(local: Local): void {
  local.abort?.();
  locals.value = locals.value.filter((other) => other.key !== local.key);
  sendNext();
}

/** Stop an upload that waits or is being transcribed. */
export async function cancel(upload: Upload): Promise<void> {
  try {
    await api("POST", `/jobs/${upload.id}/cancel`);
    await refresh();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    problem.value = error.body;
  }
}

async function refresh(): Promise<void> {
  try {
    const found = await api<{ uploads: Upload[]; limits: Limits }>("GET", "/uploads");
    uploads.value = found.uploads;
    limits.value = found.limits;
    loaded.value = true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    problem.value = error.body;
  }
}

function sendNext(): void {
  const sending = locals.value.filter((local) => local.state === "uploading").length;
  for (const local of locals.value.filter((other) => other.state === "local").slice(0, AT_ONCE - sending)) send(local);
}

function send(local: Local): void {
  const request = new XMLHttpRequest();
  request.open("POST", "/api/v1/uploads");
  request.setRequestHeader("X-CSRFToken", boot.csrf_token);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.setRequestHeader("X-File-Name", encodeURIComponent(local.file.name));
  if (local.mirrored) request.setRequestHeader("X-Layout", "mirrored");
  request.upload.onprogress = (event) => change(local.key, { sent: event.loaded });
  request.onload = () => settle(local, request);
  request.onerror = () => fail(local, t("error_network"));
  change(local.key, { state: "uploading", abort: () => request.abort() });
  request.send(local.file);
}

function settle(local: Local, request: XMLHttpRequest): void {
  if (request.status === 401) return goToLogIn();
  const answer = JSON.parse(request.responseText || "{}");
  if (request.status === 202) {
    uploads.value = [answer.upload, ...uploads.value.filter((other) => other.id !== answer.upload.id)];
    locals.value = locals.value.filter((other) => other.key !== local.key);
    sendNext();
    return;
  }
  const error: Partial<ErrorBody> = answer.error ?? {};
  fail(local, [error.message, error.expected && t("error_expected") + error.expected, error.found && t("error_found") + error.found].filter(Boolean).join("；") || t("error_network"));
}

function fail(local: Local, error: string): void {
  change(local.key, { state: "failed", error, abort: null });
  sendNext();
}

function change(key: number, values: Partial<Local>): void {
  locals.value = locals.value.map((local) => (local.key === key ? { ...local, ...values } : local));
}

function plain(message: string): ErrorBody {
  return { code: "input", message, expected: "", found: "", remedy: "" };
}
