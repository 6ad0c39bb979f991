/** Labels a whole call by keyboard alone: transcript and recording left, answers right. */

import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { PlayerBar, playerShortcuts } from "../audio/bar";
import { type Player, createPlayer } from "../audio/player";
import { t } from "../boot";
import { ErrorBox, Key } from "../common";
import { Dialog, dialogOpen } from "../dialog";
import { clock, dayAndMinute } from "../format";
import { type Shortcut, listen } from "../keys";
import { TypePalette } from "../palette";
import { AnswersPanel } from "./answers";
import * as state from "./label_state";
import { LabelTranscript } from "./label_transcript";
import { problem } from "./requests";
import type { CallToLabel } from "./types";

const paletteOpen = signal(false);
const helpOpen = signal(false);

export function LabelPage() {
  const { loaded, finished, answers } = state;
  return (
    <div class="label-page" data-testid="label-page" data-call={loaded.value?.call.id}>
      {problem.value && <ErrorBox error={problem.value} onClose={() => (problem.value = null)} />}
      {finished.value && (
        <p class="notice warn" role="status">
          {t("train_all_done")} <a href="/train">{t("train_queue")}</a>
        </p>
      )}
      {loaded.value && <Loaded key={loaded.value.call.id} found={loaded.value} />}
      {paletteOpen.value && (
        <TypePalette
          current={answers.value.label}
          onClose={() => (paletteOpen.value = false)}
          onChoose={(code) => {
            paletteOpen.value = false;
            state.setLabel(code);
          }}
        />
      )}
      {helpOpen.value && <Help />}
    </div>
  );
}

function Loaded({ found }: { found: CallToLabel }) {
  const player = useMemo(() => createPlayer(found.call.id), [found.call.id]);
  useEffect(() => listen(() => (dialogOpen() ? [] : ownKeys(shortcuts(player)))), [player]);
  return (
    <>
      <header class="label-head">
        <h1>{t("train_label_title")}</h1>
        <span>{dayAndMinute(found.call.started_at)}</span>
        <span>{clock(found.call.duration_s)}</span>
        {found.mine && <span class="tag good">{t("train_mine")}</span>}
        <span class="spacer" />
        {state.saved.value && (
          <span role="status" class="muted" data-testid="label-saved">
            {t("train_saved")}
          </span>
        )}
        <button onClick={() => (helpOpen.value = true)}>
          {t("shortcuts")} <Key>?</Key>
        </button>
        <button onClick={() => void state.undo()} data-testid="label-undo">
          {t("train_undo")} <Key>Z</Key>
        </button>
        <button onClick={() => void state.next()}>
          {t("train_skip")} <Key>G</Key>
        </button>
        <button class="primary" disabled={!state.ready.value} onClick={() => void state.save()} data-testid="label-save">
          {t("train_save")} <Key>Enter</Key>
        </button>
      </header>
      <div class="label-columns">
        <div class="column">
          <PlayerBar player={player} />
          <LabelTranscript segments={found.segments} player={player} />
        </div>
        <AnswersPanel found={found} onPalette={() => (paletteOpen.value = true)} />
      </div>
    </>
  );
}

function shortcuts(player: Player): Shortcut[] {
  const { save, undo, next, change, toggleFact } = state;
  return [
    ...playerShortcuts(player),
    { code: "ArrowUp", run: () => state.moveLine(-1) },
    { code: "ArrowDown", run: () => state.moveLine(1) },
    { code: "KeyP", run: () => playLine(player) },
    { code: "KeyL", run: () => (paletteOpen.value = true) },
    { code: "KeyY", run: state.acceptProposal },
    { code: "KeyS", run: () => state.nextStage(1) },
    { code: "Shift+KeyS", run: () => state.nextStage(-1) },
    { code: "Digit1", run: () => toggleFact("money_gone", true) },
    { code: "Shift+Digit1", run: () => toggleFact("money_gone", false) },
    { code: "Digit2", run: () => toggleFact("coached", true) },
    { code: "Shift+Digit2", run: () => toggleFact("coached", false) },
    { code: "KeyE", run: () => state.chooseEvidence(1) },
    { code: "Shift+KeyE", run: () => state.chooseEvidence(-1) },
    { code: "KeyA", run: state.acceptEvidence },
    { code: "KeyD", run: state.dropEvidence },
    { code: "KeyN", run: state.addEvidence },
    { code: "BracketLeft", run: () => state.moveEvidence("start", -1) },
    { code: "Shift+BracketLeft", run: () => state.moveEvidence("start", 1) },
    { code: "BracketRight", run: () => state.moveEvidence("end", 1) },
    { code: "Shift+BracketRight", run: () => state.moveEvidence("end", -1) },
    { code: "KeyU", run: () => change({ unsure: !state.answers.value.unsure, label: null, new_type: "" }) },
    { code: "KeyT", run: () => document.querySelector<HTMLInputElement>("[data-testid=new-type]")?.focus() },
    { code: "Escape", inFields: true, run: () => (document.activeElement as HTMLElement | null)?.blur() },
    { code: "Enter", run: () => void save() },
    { code: "Ctrl+Enter", inFields: true, run: () => void save() },
    { code: "KeyZ", run: () => void undo() },
    { code: "KeyG", run: () => void next() },
    { code: "Shift+Slash", run: () => (helpOpen.value = true) },
  ];
}

/** Leave a focused button or link its own keys. */
function ownKeys(all: Shortcut[]): Shortcut[] {
  const at = document.activeElement;
  const pressable = at instanceof HTMLButtonElement || at instanceof HTMLAnchorElement;
  return pressable ? all.filter(({ code }) => code !== "Space" && code !== "Enter") : all;
}

function playLine(player: Player): void {
  const segment = state.loaded.value?.segments[state.line.value];
  if (segment) player.play(segment.start_s, segment.end_s);
}

const HELP = [
  ["↑ ↓", "train_help_lines"],
  ["P", "train_help_play_line"],
  ["L", "train_help_label"],
  ["Y", "train_help_accept"],
  ["S", "train_help_stage"],
  ["1 / Shift 1", "help_money"],
  ["2 / Shift 2", "help_coached"],
  ["E", "train_help_evidence"],
  ["A / D", "train_help_accept_evidence"],
  ["N", "train_help_new_evidence"],
  ["[ ]", "train_help_move"],
  ["U / T", "train_help_unsure"],
  ["Z", "train_help_undo"],
  ["G", "train_help_skip"],
  ["Enter", "train_help_save"],
] as const;

function Help() {
  return (
    <Dialog title={t("shortcuts")} onClose={() => (helpOpen.value = false)}>
      <dl class="help">
        {HELP.map(([keys, key]) => (
          <div key={keys}>
            <dt>
              <Key>{keys}</Key>
            </dt>
            <dd>{t(key)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
