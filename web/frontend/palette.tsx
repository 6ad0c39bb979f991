/** Chooses a scam type: one key opens this list, a second one chooses. */

import { useLayoutEffect } from "preact/hooks";
import { boot, scamName, t } from "./boot";
import { Key } from "./common";
import { Dialog } from "./dialog";
import { listen } from "./keys";

const CHOICE_KEYS = "1234567890QWER";

function keyCode(key: string): string {
  return /\d/.test(key) ? `Digit${key}` : `Key${key}`;
}

interface Props {
  current: string | null;
  onChoose: (code: string) => void;
  onClose: () => void;
}

export function TypePalette({ current, onChoose, onClose }: Props) {
  useLayoutEffect(
    () =>
      listen(() =>
        boot.scam_types.map((type, place) => ({ code: keyCode(CHOICE_KEYS[place]!), run: () => onChoose(type.code) })),
      ),
    [],
  );
  return (
    <Dialog title={t("palette_title")} onClose={onClose}>
      <ul class="palette">
        {boot.scam_types.map((type, place) => (
          <li key={type.code}>
            <button onClick={() => onChoose(type.code)} aria-pressed={current === type.code} data-label={type.code}>
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
