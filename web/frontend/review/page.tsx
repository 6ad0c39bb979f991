/** Review of a finished call: hear it along its transcript, correct what was misheard, check its quality. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { PlayerBar, playerShortcuts } from "../audio/bar";
import { may, scamName, t, tCode } from "../boot";
import { ErrorBox, Key, RiskBadge } from "../common";
import { clock, localMinute, percent, wholeYuan } from "../format";
import { Icon } from "../icons";
import { type Shortcut, listen } from "../keys";
import { Lines } from "./lines";
import { QualityPanel, answerFocused, moveItem } from "./quality";
import * as state from "./state";

const BUTTON_KEYS = ["Space", "Enter"];
const RADIO_KEYS = ["Space", "Enter", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];
const MONEY = ["at_risk", "prevented", "stopped", "returned"] as const;

function shortcuts(): Shortcut[] {
  return [
    ...playerShortcuts(state.player),
    { code: "KeyJ", run: () => state.move(1) },
    { code: "KeyK", run: () => state.move(-1) },
    { code: "Enter", run: state.playSelected },
    { code: "KeyE", run: () => void state.edit(state.selectedId.value || state.playingId.value) },
    { code: "ArrowDown", run: () => moveItem(1) },
    { code: "ArrowUp", run: () => moveItem(-1) },
    { code: "KeyY", run: () => answerFocused("yes") },
    { code: "KeyN", run: () => answerFocused("no") },
    { code: "KeyU", run: () => answerFocused("na") },
    { code: "KeyS", run: () => document.getElementById("trainer-comment")?.focus() },
    { code: "Ctrl+Enter", run: () => void (state.left.value === 0 && state.saveQuality()), inFields: true },
    { code: "Escape", run: () => ((state.editingId.value = ""), (document.activeElement as HTMLElement | null)?.blur()), inFields: true },
  ];
}

export function ReviewPage() {
  useEffect(
    () =>
      listen(() => {
        const at = document.activeElement;
        // What has the focus keeps its own keys.
        const own = at instanceof HTMLInputElement ? RADIO_KEYS : at instanceof HTMLButtonElement || at instanceof HTMLAnchorElement ? BUTTON_KEYS : [];
        return shortcuts().filter(({ code }) => !own.includes(code));
      }),
    [],
  );
  const review = state.review.value;
  if (!review) return state.problem.value ? <ErrorBox error={state.problem.value} /> : <p class="loading">{t("loading")}</p>;
  return (
    <div class="review-page" data-testid="review">
      <Head />
      {state.problem.value && <ErrorBox error={state.problem.value} onClose={() => (state.problem.value = null)} />}
      {review.call.state === "live" && <p class="notice warn">{t("review_still_live")}</p>}
      <PlayerBar player={state.player} />
      <div class="review-columns">
        <Lines />
        <div class="review-side">
          <Facts />
          <QualityPanel />
          <Trainer />
        </div>
      </div>
    </div>
  );
}

function Head() {
  const { call, revealed } = state.review.value!;
  return (
    <header class="call-head">
      <h1>{t("review_title")}</h1>
      <span class="muted">{localMinute(call.started_at).replace("T", " ")}</span>
      <span class="duration">{clock(call.duration_s)}</span>
      {call.caller_number && <span class="muted">{call.caller_number}</span>}
      <RiskBadge risk={call.risk} />
      <span class="spacer" />
      {revealed ? (
        <span class="tag" title={t("revealed_hint")}>
          {t("revealed")}
        </span>
      ) : (
        may("reveal") && (
          <button class="quiet" onClick={() => void state.reveal("review")} title={t("reveal_hint")} data-testid="reveal">
            <Icon name="lock" /> {t("reveal")}
          </button>
        )
      )}
      <a href={`/calls/${call.id}`}>{t("call")}</a>
    </header>
  );
}

function Facts() {
  const { call, labels, advice, wrap_up, names } = state.review.value!;
  return (
    <section class="panel facts" aria-labelledby="facts-title" tabIndex={0}>
      <h2 id="facts-title">{t("review_facts")}</h2>
      <dl>
        <dt>{t("col_type")}</dt>
        <dd>
          {call.label ? scamName(call.label) : t("label_waiting_short")} {call.label_source === "model" && <small>{percent(call.label_probability)}</small>}
          {labels.map((label) => (
            <small key={label.at} class="block">
              {t("review_label_by", { who: names[label.by] ?? label.by, name: scamName(label.label) })}
              {label.model_label && `；${t("review_label_model", { name: scamName(label.model_label) })}`}
            </small>
          ))}
          {advice && (
            <small class={advice.label === call.label ? "block" : "tag warn"} data-testid="advice">
              {t("review_advice", { name: scamName(advice.label), share: percent(advice.probability) })}
            </small>
          )}
        </dd>
        <dt>{t("col_operator")}</dt>
        <dd>{call.operator_name || "—"}</dd>
        <dt>{t("col_disposition")}</dt>
        <dd>
          {wrap_up ? tCode("disposition_", wrap_up.disposition) : "—"}{" "}
          {wrap_up?.side_codes.map((code) => (
            <span class="tag" key={code}>
              {tCode("side_", code)}
            </span>
          ))}
        </dd>
        {MONEY.map((name) => {
          const fen = wrap_up ? wrap_up[`${name}_fen`] : name === "at_risk" ? call.at_risk_fen : 0;
          return (
            fen > 0 && (
              <>
                <dt>{t(`money_${name}`)}</dt>
                <dd class="number">
                  {wholeYuan(fen)} {t("yuan")}
                </dd>
              </>
            )
          );
        })}
        {wrap_up?.summary && (
          <>
            <dt>{t("wrap_up_summary")}</dt>
            <dd>{wrap_up.summary}</dd>
          </>
        )}
        {wrap_up?.note && (
          <>
            <dt>{t("wrap_up_note")}</dt>
            <dd>{wrap_up.note}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Trainer() {
  const { trainer_mark, names } = state.review.value!;
  const text = useSignal("");
  if (trainer_mark)
    return (
      <p class="notice good" data-testid="sent-to-trainer">
        <Icon name="check" /> {t("review_sent")} · {names[trainer_mark.by] ?? ""} {localMinute(trainer_mark.at).slice(5).replace("T", " ")}
        {trainer_mark.comment && <span>{trainer_mark.comment}</span>}
      </p>
    );
  return (
    <form class="panel to-trainer" onSubmit={(event) => (event.preventDefault(), void state.sendToTrainer(text.value))}>
      <label>
        <span>
          {t("review_trainer_comment")} <Key>S</Key>
        </span>
        <input id="trainer-comment" value={text.value} maxLength={2000} onInput={(event) => (text.value = event.currentTarget.value)} />
      </label>
      <button type="submit" data-testid="to-trainer">
        <Icon name="right" /> {t("review_to_trainer")} <Key>Enter</Key>
      </button>
    </form>
  );
}
