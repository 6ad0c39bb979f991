/** What the server last refused on a page, and requests that tell it there. */

import { type Signal, signal } from "@preact/signals";
import { ApiError, type ErrorBody } from "./api";

export interface PageProblem {
  problem: Signal<ErrorBody | null>;
  /** Run a request; an error is shown on the page. Returns whether it went well. */
  attempt: (request: () => Promise<void>) => Promise<boolean>;
}

/** Return the place of a page's errors. */
export function pageProblem(): PageProblem {
  const problem = signal<ErrorBody | null>(null);
  async function attempt(request: () => Promise<void>): Promise<boolean> {
    try {
      await request();
      problem.value = null;
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem.value = error.body;
      return false;
    }
  }
  return { problem, attempt };
}
