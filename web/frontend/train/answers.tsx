/** What the trainer says of the call: type, stage, the two facts, evidence. */

import { scamName, t, tCode } from "../boot";
import { Key } from "../common";
import { percent } from "../format";
import * as state from "./label_state";
import type { CallToLabel } from "./types";

export function AnswersPanel({ found, onPalette }: { found: CallToLabel; onPalette: () => void }) {
  const { answers } = state;
  const current = answers.value;
  return (
    <div class="column answers" data-testid="answers">
      <section class="panel">
        <h2>
          {t("verdict")}
          <button class="quiet" onClick={onPalette} data-testid="choose-label">
            {t("train_choose")} <Key>L</Key>
          </button>
        </h2>
        <p class="answer-main" data-testid="answer-label">
          {current.new_type ? t("train_new_type_is", { name: current.new_type }) : current.unsure ? t("train_unsure") : current.label ? scamName(current.label) : <span class="muted">{t("train_not_chosen")}</span>}
        </p>
        <Proposal found={found} />
        <div class="answer-row">
          <button aria-pressed={current.unsure} onClick={() => state.change({ unsure: !current.unsure, label: null, new_type: "" })} data-testid="answer-unsure">
            {t("train_unsure")} <Key>U</Key>
          </button>
          <label class="grow">
            <span>
              {t("train_new_type")} <Key>T</Key>
            </span>
            <input
              maxLength={60}
              data-testid="new-type"
              value={current.new_type}
              onChange={(event) => {
                const new_type = (event.target as HTMLInputElement).value.trim();
                state.change(new_type ? { new_type, label: null, unsure: false } : { new_type });
              }}
            />
          </label>
        </div>
      </section>
      <section class="panel">
        <h2>
          {t("train_stage")} <Key>S</Key>
        </h2>
        <div class="answer-row stages" role="group" aria-label={t("train_stage")} data-testid="answer-stage">
          {state.STAGES.map((stage) => (
            <button key={stage} aria-pressed={current.stage === stage} onClick={() => state.change({ stage: current.stage === stage ? null : stage })}>
              {tCode("stage_", stage)}
            </button>
          ))}
        </div>
      </section>
      <section class="panel">
        <h2>{t("train_facts")}</h2>
        <Fact name="money_gone" question={t("question_money")} keys="1" />
        <Fact name="coached" question={t("question_coached")} keys="2" />
      </section>
      <EvidencePanel />
    </div>
  );
}

function Proposal({ found }: { found: CallToLabel }) {
  const proposal = found.proposal;
  if (!proposal) return <p class="proposal muted">{t("train_blind_hint")}</p>;
  if (!proposal.label) return <p class="proposal muted">{t("train_no_proposal")}</p>;
  const share = proposal.probability && proposal.source === "model" ? ` ${percent(proposal.probability)}` : "";
  return (
    <p class="proposal" data-testid="proposal">
      <span>
        {tCode("train_proposal_", proposal.source)}
        <b>{scamName(proposal.label)}</b>
        {share}
      </span>
      <button class="quiet" onClick={state.acceptProposal}>
        {t("train_accept")} <Key>Y</Key>
      </button>
    </p>
  );
}

function Fact({ name, question, keys }: { name: "money_gone" | "coached"; question: string; keys: string }) {
  const value = state.answers.value[name];
  return (
    <div class="question" role="group" aria-label={question} data-testid={`fact-${name}`}>
      <span class="ask">{question}</span>
      {([true, false] as const).map((answer) => (
        <button key={String(answer)} class={`answer ${answer ? "yes" : "no"}`} aria-pressed={value === answer} onClick={() => state.toggleFact(name, answer)}>
          {t(answer ? "yes" : "no")} <Key>{answer ? keys : `⇧${keys}`}</Key>
        </button>
      ))}
    </div>
  );
}

function EvidencePanel() {
  const marks = state.marks.value;
  return (
    <section class="panel evidence-panel">
      <h2>
        {t("evidence")} <Key>E</Key>
        <button class="quiet" onClick={state.addEvidence}>
          {t("train_mark")} <Key>N</Key>
        </button>
      </h2>
      {marks.length === 0 && <p class="empty">{t("train_evidence_none")}</p>}
      <ul data-testid="evidence-list">
        {marks.map((mark, number) => (
          <li key={`${mark.segment_id}-${mark.start}-${number}`} class={state.chosen.value === number ? "chosen" : undefined} data-accepted={mark.accepted}>
            <button class="quote" onClick={() => state.choose(number)} aria-pressed={state.chosen.value === number}>
              <q>{mark.text}</q>
            </button>
            <span class={`tag ${mark.accepted ? "good" : "warn"}`}>{t(mark.accepted ? "train_accepted" : "train_proposed")}</span>
          </li>
        ))}
      </ul>
      {marks.length > 0 && <p class="hint">{t("train_evidence_hint")}</p>}
    </section>
  );
}
