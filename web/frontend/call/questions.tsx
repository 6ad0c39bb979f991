/** The two safety questions, always first. */

import { may, t } from "../boot";
import { Key } from "../common";
import { percent } from "../format";
import type { Facts } from "../types";
import * as state from "./state";

const QUESTIONS: { name: keyof Facts; key: string; text: "question_money" | "question_coached" }[] = [
  { name: "money_gone", key: "1", text: "question_money" },
  { name: "being_coached", key: "2", text: "question_coached" },
];
const HINT_FROM = 0.6;

export function Questions() {
  const facts = state.call.value?.facts;
  const guess = { money_gone: state.prediction.value?.money_gone, being_coached: state.prediction.value?.coached };
  return (
    <section class="panel questions" aria-label={t("questions")}>
      {QUESTIONS.map(({ name, key, text }) => {
        const answer = facts?.[name] ?? null;
        const likely = guess[name] ?? 0;
        return (
          <div class={`question ${answer === null ? "open" : answer ? "yes" : "no"}`} key={name} role="group" aria-label={t(text)}>
            <span class="ask">
              {t(text)}
              {answer === null && likely >= HINT_FROM && <small>{t("model_guess", { share: percent(likely) })}</small>}
            </span>
            <Answer name={name} value={true} chosen={answer === true} keyName={key} />
            <Answer name={name} value={false} chosen={answer === false} keyName={`⇧${key}`} />
          </div>
        );
      })}
    </section>
  );
}

function Answer({ name, value, chosen, keyName }: { name: keyof Facts; value: boolean; chosen: boolean; keyName: string }) {
  return (
    <button
      class={`answer ${value ? "yes" : "no"}`}
      aria-pressed={chosen}
      disabled={!may("work_calls")}
      onClick={() => state.answer(name, value)}
      data-testid={`${name}-${value ? "yes" : "no"}`}
    >
      {t(value ? (name === "money_gone" ? "money_yes" : "coached_yes") : name === "money_gone" ? "money_no" : "coached_no")}
      <Key>{keyName}</Key>
    </button>
  );
}
