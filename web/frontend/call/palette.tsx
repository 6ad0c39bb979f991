/** Correct the scam type: one key opens this list, a second one chooses. */

import { signal } from "@preact/signals";
import { boot, may, scamName, t } from "../boot";
import { Key } from "../common";
import { Dialog } from "../dialog";
import { listen } from "../keys";
import { useLayoutEffect } from "preact/hooks";
import * as state from "./state";

const CHOICE_KEYS = "1234567890QWER";
export const paletteOpen = signal(false);

export function openPalette(): void {
  paletteOpen.value = may("work_calls");
}

function choose(code: string): void {
  paletteOpen.value = false;
  void state.command("label", { label: code });
}

function keyCode(key: string): string {
  return /\d/.test(key) ? `Digit${key}` : `Key${key}`;
}

export function Palette() {
  if (!paletteOpen.value) return null;
  return <OpenPalette />;
}

function OpenPalette() {
  useLayoutEffect(
    () =>
      listen(() =>
        boot.scam_types.map((type, place) => ({ code: keyCode(CHOICE_KEYS[place]!), run: () => choose(type.code) })),
      ),
    [],
  );
  return (
    <Dialog title={t("palette_title")} onClose={() => (paletteOpen.value = false)}>
      <ul class="palette">
        {boot.scam_types.map((type, place) => (
          <li key={type.code}>
            <button onClick={() => choose(type.code)} aria-pressed={state.call.value?.label === type.code} data-label={type.code}>
              <Key>{CHOICE_KEYS[place]!}</Key>
              <strong>{scamName(type.code)}</strong>
              {boot.language === "zh" && <small>{type.definition}</small>}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
