/** The operator's account of a finished call: one main outcome, money, a note, and a summary drafted from its facts. */

import { computed, effect, signal } from "@preact/signals";
import { api } from "../api";
import { boot, may, scamName, t, tCode } from "../boot";
import { Key } from "../common";
import { clock, fenOf, plainYuan } from "../format";
import { Icon } from "../icons";
import type { Shortcut } from "../keys";
import type { WrapUp } from "../types";
import { formOpen } from "./freeze";
import { openPalette } from "./palette";
import * as state from "./state";

const MONEY = ["at_risk", "prevented", "stopped", "returned"] as const;
type MoneyName = (typeof MONEY)[number];

interface Source {
  kind: string;
  start_s: number | null;
  segment_id: string | null;
}

interface Draft {
  wrap_up: WrapUp | null;
  money: Record<`${MoneyName}_fen`, number>;
  clauses: { text: string; sources: Source[] }[];
  dispositions: string[];
  side_codes: string[];
}

interface Form {
  disposition: string;
  side_codes: string[];
  persons: string;
  money: Record<MoneyName, string>;
  note: string;
  summary: string;
}

export const wrapUpOpen = signal(false);
const draft = signal<Draft | null>(null);
const form = signal<Form | null>(null);
const saving = signal(false);
const wrong = computed(() => MONEY.filter((name) => form.value && form.value.money[name].trim() !== "" && fenOf(form.value.money[name]) === null));

/** Say whether this call can be wrapped up by this user now. */
export function mayWrapUp(): boolean {
  return may("work_calls") && state.call.value !== null && !state.isLive.value;
}

/** Show the form with what was saved, or with what the call's own facts give. */
export async function openWrapUp(): Promise<void> {
  if (!mayWrapUp()) return;
  const loaded = await state.attempt(async () => {
    draft.value = await api<Draft>("GET", `/calls/${state.callId}/wrap-up`);
  });
  if (!loaded) return;
  form.value ??= formOf(draft.value!);
  wrapUpOpen.value = true;
  setTimeout(() => document.getElementById("wrap-up-title")?.focus());
}

/** Fetch the draft again; a summary that nobody has touched follows it. */
async function renewDraft(always: boolean): Promise<void> {
  const before = draft.value && textOf(draft.value);
  await state.attempt(async () => {
    draft.value = await api<Draft>("GET", `/calls/${state.callId}/wrap-up`);
  });
  if (draft.value && (always || form.value?.summary === before)) change({ summary: textOf(draft.value) });
}

function textOf({ clauses }: Draft): string {
  return clauses.map((clause) => clause.text).join("");
}

// The scam type was corrected while the form is open: the draft names it.
const label = computed(() => `${state.call.value?.label} ${state.call.value?.label_source}`);
let lastLabel = "";
effect(() => {
  const now = label.value;
  if (wrapUpOpen.peek() && now !== lastLabel) void renewDraft(false);
  lastLabel = now;
});

// The call has just ended before the operator's eyes: his account is due.
let wasLive = false;
effect(() => {
  const live = state.isLive.value;
  if (wasLive && !live && !formOpen.peek() && state.call.peek()?.operator_id === boot.user.id) void openWrapUp();
  wasLive = live;
});

/** Save; the server checks what belongs together. */
export async function saveWrapUp(): Promise<void> {
  const filled = form.value;
  if (!filled?.disposition || saving.value || wrong.value.length) return;
  saving.value = true;
  const { money, persons, ...rest } = filled;
  const fen = Object.fromEntries(MONEY.map((name) => [`${name}_fen`, fenOf(money[name]) ?? 0]));
  const saved = await state.attempt(async () => {
    const answer = await api<{ wrap_up: WrapUp }>("POST", `/calls/${state.callId}/wrap-up`, { ...rest, ...fen, persons: Number(persons) || 0 });
    state.takeWrapUp(answer.wrap_up);
  });
  saving.value = false;
  if (saved) wrapUpOpen.value = false;
}

/** The keys of the form: a digit chooses the outcome, L the scam type. */
export function wrapUpShortcuts(): Shortcut[] {
  return [
    ...(draft.value?.dispositions ?? []).map((code, place) => ({ code: `Digit${place + 1}`, run: () => change({ disposition: code }) })),
    { code: "KeyL", run: openPalette },
    { code: "Ctrl+Enter", run: () => void saveWrapUp(), inFields: true },
    {
      code: "Escape",
      run: () => {
        const field = document.activeElement;
        if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.blur();
        else wrapUpOpen.value = false;
      },
      inFields: true,
    },
  ];
}

function formOf(from: Draft): Form {
  const { wrap_up, money } = from;
  const fen = wrap_up ?? money;
  return {
    disposition: wrap_up?.disposition ?? "",
    side_codes: wrap_up?.side_codes ?? [],
    persons: String(wrap_up?.persons ?? 1),
    money: Object.fromEntries(MONEY.map((name) => [name, fen[`${name}_fen`] ? plainYuan(fen[`${name}_fen`]) : ""])) as Form["money"],
    note: wrap_up?.note ?? "",
    summary: wrap_up?.summary ?? textOf(from),
  };
}

function change(values: Partial<Form>): void {
  if (form.value) form.value = { ...form.value, ...values };
}

export function WrapUpPanel() {
  if (!form.value || !draft.value) return null;
  const { disposition } = form.value;
  return (
    <form class="panel wrap-up" aria-labelledby="wrap-up-title" onSubmit={(event) => (event.preventDefault(), void saveWrapUp())} data-testid="wrap-up">
      <h2 id="wrap-up-title" tabIndex={-1}>
        {t("wrap_up")}
        <button type="button" class="quiet" onClick={() => (wrapUpOpen.value = false)}>
          {t("wrap_up_back")} <Key>Esc</Key>
        </button>
      </h2>
      <div class="wrap-up-body">
        <Outcome />
        <SideCodes />
        <Figures />
        <Label />
        <Summary />
        <label class="wide">
          <span>{t("wrap_up_note")}</span>
          <textarea rows={2} maxLength={2000} value={form.value.note} onInput={(event) => change({ note: event.currentTarget.value })} data-testid="wrap-up-note" />
        </label>
      </div>
      <div class="wrap-up-foot">
        {!disposition && <small class="muted">{t("wrap_up_lacking")}</small>}
        <button class="primary" type="submit" disabled={!disposition || saving.value || wrong.value.length > 0} data-testid="save-wrap-up">
          {t("wrap_up_save")} <Key>Ctrl+Enter</Key>
        </button>
      </div>
    </form>
  );
}

function Outcome() {
  return (
    <fieldset class="choices">
      <legend>{t("wrap_up_disposition")}</legend>
      {draft.value!.dispositions.map((code, place) => (
        <label key={code} class={form.value!.disposition === code ? "on" : ""}>
          <input type="radio" name="disposition" checked={form.value!.disposition === code} onChange={() => change({ disposition: code })} data-disposition={code} />
          {tCode("disposition_", code)} <Key>{String(place + 1)}</Key>
        </label>
      ))}
    </fieldset>
  );
}

function SideCodes() {
  const chosen = form.value!.side_codes;
  return (
    <fieldset class="choices small">
      <legend>{t("wrap_up_side")}</legend>
      {draft.value!.side_codes.map((code) => (
        <label key={code} class={chosen.includes(code) ? "on" : ""}>
          <input
            type="checkbox"
            checked={chosen.includes(code)}
            onChange={() => change({ side_codes: chosen.includes(code) ? chosen.filter((other) => other !== code) : [...chosen, code] })}
            data-side={code}
          />
          {tCode("side_", code)}
        </label>
      ))}
    </fieldset>
  );
}

function Figures() {
  const { money, persons } = form.value!;
  return (
    <fieldset class="figures">
      <legend>{t("wrap_up_money")}</legend>
      {MONEY.map((name) => (
        <label key={name}>
          <span>{t(`money_${name}`)}</span>
          <input
            inputMode="decimal"
            autocomplete="off"
            value={money[name]}
            aria-invalid={wrong.value.includes(name)}
            onInput={(event) => change({ money: { ...money, [name]: event.currentTarget.value } })}
            data-testid={`wrap-up-${name}`}
          />
        </label>
      ))}
      <label>
        <span>{t("wrap_up_persons")}</span>
        <input type="number" min={0} max={999} value={persons} onInput={(event) => change({ persons: event.currentTarget.value })} />
      </label>
    </fieldset>
  );
}

function Label() {
  const call = state.call.value!;
  return (
    <p class="wide label-line">
      <span>{t("wrap_up_label")}</span> <strong data-testid="wrap-up-label">{call.label ? scamName(call.label) : t("label_waiting_short")}</strong>{" "}
      {call.label_source === "operator" && <span class="tag good">{t("label_by_operator")}</span>}
      <button type="button" class="quiet" onClick={openPalette}>
        <Icon name="pen" /> {t("correct_label")} <Key>L</Key>
      </button>
    </p>
  );
}

function Summary() {
  const { clauses } = draft.value!;
  return (
    <div class="wide summary">
      <label>
        <span>{t("wrap_up_summary")}</span>
        <textarea rows={4} maxLength={1000} value={form.value!.summary} onInput={(event) => change({ summary: event.currentTarget.value })} data-testid="wrap-up-summary" />
      </label>
      <details>
        <summary>{t("wrap_up_sources")}</summary>
        <ul>
          {clauses.map((clause) => (
            <li key={clause.text}>
              {clause.text}{" "}
              {clause.sources.map((source, place) =>
                source.kind === "segment" && source.segment_id ? (
                  <button type="button" class="quiet" key={place} onClick={() => state.pointAt(source.segment_id)}>
                    {t("source_segment", { at: clock(source.start_s ?? 0) })}
                  </button>
                ) : (
                  <small class="muted" key={place}>
                    {tCode("source_", source.kind)}
                  </small>
                ),
              )}
            </li>
          ))}
        </ul>
        <button type="button" onClick={() => void renewDraft(true)}>
          {t("wrap_up_draft")}
        </button>
      </details>
    </div>
  );
}
