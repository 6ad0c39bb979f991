/** Requests to `/api/v1`. */

import { boot, t } from "./boot";

export interface ErrorBody {
  code: string;
  message: string;
  expected: string;
  found: string;
  remedy: string;
}

/** What the server refused, or that it could not be reached (`code` "network"). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(body.message);
  }
}

/** Seconds that the server's clock is ahead of ours. */
export let serverAheadS = 0;

/** Leave for the log-in page, to come back here afterwards. */
export function goToLogIn(): void {
  location.assign(`${boot.login_url}?next=${encodeURIComponent(location.pathname)}`);
}

/** Send a request and return its JSON. Throws ApiError. */
export async function api<T>(method: "GET" | "POST", path: string, body?: object | FormData): Promise<T> {
  const headers: Record<string, string> = { "X-CSRFToken": boot.csrf_token, Accept: "application/json" };
  if (body && !(body instanceof FormData)) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    const content = body instanceof FormData ? body : body ? JSON.stringify(body) : null;
    response = await fetch(`/api/v1${path}`, { method, headers, body: content });
  } catch {
    throw new ApiError(0, networkError());
  }
  noteServerTime(response);
  if (response.status === 401) goToLogIn();
  const json = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, json?.error ?? networkError());
  return json as T;
}

function noteServerTime(response: Response): void {
  const date = response.headers.get("Date");
  if (date) serverAheadS = (Date.parse(date) - Date.now()) / 1000;
}

function networkError(): ErrorBody {
  return { code: "network", message: t("error_network"), expected: "", found: "", remedy: t("error_network_remedy") };
}

/** Return a random UUID version 4; `crypto.randomUUID` is missing where the page came over plain HTTP. */
export function uuid4(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
