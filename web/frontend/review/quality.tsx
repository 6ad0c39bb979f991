/** The quality checklist: arrows choose an item, Y, N and U answer it; red lines fail the call. */

import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { t, tCode } from "../boot";
import { Key } from "../common";
import { clock, localMinute } from "../format";
import { Icon } from "../icons";
import * as state from "./state";

const ANSWERS: state.Answer[] = ["yes", "no", "na"];
const focused = signal(0);

/** Choose the next (1) or previous (-1) item. */
export function moveItem(step: 1 | -1): void {
  const last = (state.review.value?.checklist.length ?? 1) - 1;
  focused.value = Math.min(Math.max(focused.value + step, 0), last);
}

/** Answer the chosen item and go to the next. */
export function answerFocused(answer: state.Answer): void {
  const row = state.review.value?.checklist[focused.value];
  if (!row || (row.red_line && answer === "na")) return;
  state.answers.value = { ...state.answers.value, [row.item]: answer };
  moveItem(1);
}

export function QualityPanel() {
  const { checklist, quality, pass_score, names } = state.review.value!;
  const { score, breached } = state.score.value;
  const latest = quality.at(-1);
  return (
    <section class="panel quality" aria-labelledby="quality-title" data-testid="quality">
      <h2 id="quality-title">
        {t("quality")} <span class="count">{t("quality_pass_from", { score: pass_score })}</span>
        <small class="muted">
          <Key>↑</Key> <Key>↓</Key> <Key>Y</Key> {t("qa_yes")} <Key>N</Key> {t("qa_no")} <Key>U</Key> {t("qa_na")}
        </small>
      </h2>
      <ol>
        {checklist.map((row, place) => (
          <Item key={row.item} row={row} place={place} />
        ))}
      </ol>
      <div class="quality-foot">
        <label>
          <span>{t("quality_comment")}</span>
          <textarea rows={1} maxLength={2000} value={state.comment.value} onInput={(event) => (state.comment.value = event.currentTarget.value)} />
        </label>
        <div class="row">
          <output class={breached ? "bad" : state.left.value ? "muted" : score < pass_score ? "bad" : "good"} data-testid="quality-score">
            <b>{t("quality_score", { score })}</b>{" "}
            {breached ? t("quality_breach") : state.left.value ? t("quality_left", { count: state.left.value }) : t(score >= pass_score ? "quality_pass" : "quality_fail")}
          </output>
          <span class="spacer" />
          <button class="primary" disabled={state.left.value > 0} onClick={() => void state.saveQuality()} data-testid="save-quality">
            {t("quality_save")} <Key>Ctrl+Enter</Key>
          </button>
        </div>
        {latest && (
          <p class={`notice ${latest.passed ? "good" : "bad"}`} data-testid="quality-saved">
            {t("quality_saved", {
              who: names[latest.by] ?? latest.by,
              at: localMinute(latest.at).slice(5).replace("T", " "),
              score: latest.score,
              result: t(latest.passed ? "quality_pass" : "quality_fail"),
            })}
          </p>
        )}
      </div>
    </section>
  );
}

function Item({ row, place }: { row: { item: string; red_line: boolean }; place: number }) {
  const element = useRef<HTMLLIElement>(null);
  const chosen = focused.value === place;
  useEffect(() => {
    if (chosen && place > 0) element.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const answer = state.answers.value[row.item];
  const id = `qa-${row.item}`;
  return (
    <li ref={element} class={`${chosen ? "chosen" : ""} ${row.red_line && answer === "no" ? "breach" : ""}`} data-item={row.item}>
      <span id={id} class="item">
        {tCode("qa_", row.item)} {row.red_line && <span class="tag bad">{t("qa_red_line")}</span>}
        <Hint item={row.item} />
      </span>
      <span class="answers" role="radiogroup" aria-labelledby={id}>
        {ANSWERS.filter((value) => value !== "na" || !row.red_line).map((value) => (
          <label key={value} class={answer === value ? `on ${value}` : ""}>
            <input
              type="radio"
              name={id}
              checked={answer === value}
              onChange={() => {
                focused.value = place;
                state.answers.value = { ...state.answers.value, [row.item]: value };
              }}
            />
            {tCode("qa_", value)}
          </label>
        ))}
      </span>
    </li>
  );
}

/** What the records say on an item; people decide. */
function Hint({ item }: { item: string }) {
  const { questions_after_s, read_back, red_lines } = state.review.value!.hints;
  if (item === "two_questions")
    return <small>{questions_after_s === null ? t("hint_questions_none") : t("hint_questions", { at: clock(questions_after_s) })}</small>;
  if (item === "read_back" && read_back.heard) return <small>{t("hint_read_back", read_back)}</small>;
  const found = red_lines.filter(({ code }) => (code === "promise") === (item === "no_promise"));
  if ((item !== "red_lines" && item !== "no_promise") || !found.length) return null;
  return (
    <>
      {found.map((hint) => (
        <button
          key={hint.segment_id + hint.text}
          class="quiet hint-line"
          onClick={() => {
            state.selectedId.value = hint.segment_id;
            state.playSelected();
          }}
        >
          <Icon name="warning" /> {t("hint_red_line", { text: hint.text })} <time>{clock(hint.start_s)}</time>
        </button>
      ))}
    </>
  );
}
