/** The call page: transcript, what to think and say, facts and the payment-stop request. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { may, t, tCode } from "../boot";
import { Duration } from "../calls/table";
import { ErrorBox, Key } from "../common";
import { Dialog, dialogOpen } from "../dialog";
import { Icon } from "../icons";
import { type Shortcut, listen, setSingleKeys, singleKeysOn } from "../keys";
import { Softphone } from "../softphone/bar";
import { StatusBar } from "../status";
import { Cards, dismiss, turn } from "./cards";
import { Entities } from "./entities";
import { FreezePanel, closeForm, formOpen, openForm, submitForm } from "./freeze";
import { Palette, openPalette } from "./palette";
import { Questions } from "./questions";
import * as state from "./state";
import { Transcript } from "./transcript";
import { TYPE_FIELD } from "./typing";
import { Verdict } from "./verdict";
import { WrapUpPanel, mayWrapUp, openWrapUp, wrapUpOpen, wrapUpShortcuts } from "./wrap_up";

const helpOpen = signal(false);
const singleKeys = signal(singleKeysOn());

const HELP: [string, Parameters<typeof t>[0]][] = [
  ["1 / ⇧1", "help_money"],
  ["2 / ⇧2", "help_coached"],
  ["F", "help_freeze"],
  ["Ctrl+Enter", "help_send"],
  ["L", "help_label"],
  ["J / K", "help_cards"],
  ["X", "help_dismiss"],
  ["T", "help_type"],
  ["W", "help_wrap_up"],
  ["?", "help_help"],
  ["Esc", "help_escape"],
];

function shortcuts(): Shortcut[] {
  if (dialogOpen()) return [];
  if (wrapUpOpen.value) return wrapUpShortcuts();
  return [
    { code: "Digit1", run: () => state.answer("money_gone", true) },
    { code: "Shift+Digit1", run: () => state.answer("money_gone", false) },
    { code: "Digit2", run: () => state.answer("being_coached", true) },
    { code: "Shift+Digit2", run: () => state.answer("being_coached", false) },
    { code: "KeyF", run: () => void openForm() },
    { code: "Ctrl+Enter", run: () => void submitForm(), inFields: true },
    { code: "KeyL", run: openPalette },
    { code: "KeyJ", run: () => turn(1) },
    { code: "KeyK", run: () => turn(-1) },
    { code: "KeyX", run: dismiss },
    { code: "KeyT", run: typeByHand },
    { code: "KeyW", run: () => void openWrapUp() },
    { code: "Shift+Slash", run: () => (helpOpen.value = true) },
    { code: "Escape", run: escape, inFields: true },
  ];
}

function escape(): void {
  const field = document.activeElement;
  if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.blur();
  else if (formOpen.value) closeForm();
  else state.problem.value = null;
}

export function CallPage() {
  useEffect(() => (may("work_calls") ? listen(shortcuts) : undefined), []);
  const call = state.call.value;
  if (!call) return state.problem.value ? <ErrorBox error={state.problem.value} /> : <p class="loading">{t("loading")}</p>;
  return (
    <div class="call-page" data-state={call.state}>
      <Head />
      {state.problem.value && <ErrorBox error={state.problem.value} onClose={() => (state.problem.value = null)} />}
      {state.isLive.value && <ByHand />}
      {may("work_calls") && <Softphone call={call} />}
      <div class={`columns ${wrapUpOpen.value ? "wrapping" : formOpen.value ? "form-open" : ""}`}>
        <Transcript />
        {wrapUpOpen.value ? (
          <WrapUpPanel />
        ) : (
          <>
            <div class="column">
              <Questions />
              <Verdict />
              <Cards />
            </div>
            <div class="column">
              {!formOpen.value && <Entities />}
              <FreezePanel />
            </div>
          </>
        )}
      </div>
      <Palette />
      {helpOpen.value && <Help />}
    </div>
  );
}

/** Says in full width that nobody transcribes this call, and where to type. */
function ByHand() {
  const { state: how, reason } = state.recognizer.value;
  if (how !== "refused" && how !== "unavailable") return null;
  return (
    <div class="notice warn" role="status" data-testid="by-hand">
      <Icon name="warning" />
      <strong>{t(how === "refused" ? "by_hand_refused" : "by_hand_unavailable")}</strong>
      <span>{reason}</span>
      {may("work_calls") && (
        <button onClick={typeByHand}>
          {t("by_hand_type")} <Key>T</Key>
        </button>
      )}
    </div>
  );
}

function typeByHand(): void {
  document.getElementById(TYPE_FIELD)?.focus();
}

function Head() {
  const call = state.call.value!;
  return (
    <header class="call-head">
      <h1>
        <span class={`live-dot ${call.state}`} aria-hidden="true" />
        {t(call.state === "live" ? "call_live" : call.state === "ended" ? "call_ended" : "call_interrupted")}
      </h1>
      <Duration call={call} />
      {call.caller_number && <span class="muted">{call.caller_number}</span>}
      <StatusBar recognizer={state.recognizer.value} classifier={state.classifier.value} />
      <span class="spacer" />
      <button class="quiet" onClick={() => (helpOpen.value = true)}>
        {t("shortcuts")} <Key>?</Key>
      </button>
      {call.state !== "live" && may("review_calls") && (
        <a class="button" href={`/calls/${call.id}/review`} data-testid="open-review">
          <Icon name="check" /> {t("review")}
        </a>
      )}
      {mayWrapUp() && (
        <button class={state.wrapUp.value ? "" : "primary"} onClick={() => void openWrapUp()} data-testid="open-wrap-up">
          <Icon name="pen" /> {state.wrapUp.value ? `${t("wrap_up")}：${tCode("disposition_", state.wrapUp.value.disposition)}` : t("wrap_up_open")} <Key>W</Key>
        </button>
      )}
      {call.state === "live" && may("work_calls") && (
        <button onClick={() => void state.command("end", {})} data-testid="end-call">
          <Icon name="close" /> {t("end_call")}
        </button>
      )}
    </header>
  );
}

function Help() {
  return (
    <Dialog title={t("shortcuts")} onClose={() => (helpOpen.value = false)}>
      <dl class="help">
        {HELP.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(text)}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(event) => {
            singleKeys.value = event.currentTarget.checked;
            setSingleKeys(singleKeys.value);
          }}
        />
        {t("single_keys")}
      </label>
    </Dialog>
  );
}
