/** Correct the scam type of a live call. */

import { signal } from "@preact/signals";
import { may } from "../boot";
import { TypePalette } from "../palette";
import * as state from "./state";

export const paletteOpen = signal(false);

export function openPalette(): void {
  paletteOpen.value = may("work_calls");
}

function choose(code: string): void {
  paletteOpen.value = false;
  void state.command("label", { label: code });
}

export function Palette() {
  if (!paletteOpen.value) return null;
  return (
    <TypePalette current={state.call.value?.label ?? null} onChoose={choose} onClose={() => (paletteOpen.value = false)} />
  );
}
