/** Keeps the session alive while somebody works, and leaves when nobody does. */

import { api, goToLogIn } from "./api";
import { boot } from "./boot";

const TOUCH_EVERY_MS = 60_000;

/** Watch for activity; `busy` says that the page itself is in use, as during a live call. */
export function watchActivity(busy: () => boolean): void {
  let activeAt = Date.now();
  for (const kind of ["keydown", "pointerdown", "wheel"]) {
    addEventListener(kind, () => (activeAt = Date.now()), { passive: true });
  }
  setInterval(() => {
    if (busy()) activeAt = Date.now();
    const idleMs = Date.now() - activeAt;
    if (idleMs < TOUCH_EVERY_MS) void api("POST", "/session/touch").catch(() => undefined);
    else if (idleMs > boot.idle_limit_s * 1000) goToLogIn();
  }, Math.min(TOUCH_EVERY_MS, boot.idle_limit_s * 250));
}
