/** Keyboard shortcuts of the page, by physical key so that an input method does not matter. */

export interface Shortcut {
  /** As in `KeyboardEvent.code`, with `Shift+` or `Ctrl+` in front. */
  code: string;
  run: () => void;
  /** Works while a field has the focus. */
  inFields?: boolean;
}

const STORAGE = "single-key-shortcuts";

/** Say whether shortcuts of one plain key are on (WCAG 2.1.4: they can be turned off). */
export function singleKeysOn(): boolean {
  return localStorage.getItem(STORAGE) !== "off";
}

/** Turn shortcuts of one plain key on or off, in this browser. */
export function setSingleKeys(on: boolean): void {
  localStorage.setItem(STORAGE, on ? "on" : "off");
}

/** Listen for shortcuts; the first that fits runs. Returns how to stop. */
export function listen(shortcuts: () => Shortcut[]): () => void {
  function onKey(event: KeyboardEvent): void {
    if (event.isComposing || event.altKey || event.metaKey) return;
    const code = (event.ctrlKey ? "Ctrl+" : "") + (event.shiftKey ? "Shift+" : "") + event.code;
    const typing = (event.target as HTMLElement).closest("input:not([type=radio]):not([type=checkbox]), textarea, select") !== null;
    const plain = !event.ctrlKey && event.code !== "Escape";
    const found = shortcuts().find(
      (shortcut) => shortcut.code === code && (shortcut.inFields || !typing) && (!plain || singleKeysOn()),
    );
    if (!found) return;
    event.preventDefault();
    found.run();
  }
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}
