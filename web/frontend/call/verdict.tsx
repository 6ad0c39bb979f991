/** What kind of scam it seems to be, how sure that is, why, and what else it could be. */

import { may, scamName, t, tCode } from "../boot";
import { Key, RiskBadge } from "../common";
import { clock, percent } from "../format";
import { Icon } from "../icons";
import type { Evidence, Prediction } from "../types";
import * as state from "./state";
import { openPalette } from "./palette";

const EVIDENCE_SHOWN = 5;

export function Verdict() {
  const call = state.call.value;
  const prediction = state.prediction.value;
  if (!call) return null;
  return (
    <section class="panel verdict" aria-labelledby="verdict-title">
      <h2 id="verdict-title">
        {t("verdict")}
        {may("work_calls") && (
          <button class="quiet" onClick={openPalette} data-testid="correct-label">
            <Icon name="pen" /> {t("correct_label")} <Key>L</Key>
          </button>
        )}
      </h2>
      <div class="headline" aria-live="polite">
        <Headline />
        <RiskBadge risk={call.risk} />
      </div>
      <Reasons prediction={prediction} />
      {prediction && prediction.evidence.length > 0 && <EvidenceList evidence={prediction.evidence} />}
      {prediction && <Alternatives prediction={prediction} />}
    </section>
  );
}

function Headline() {
  const call = state.call.value!;
  const prediction = state.prediction.value;
  if (call.label_source === "operator")
    return (
      <p class="label" data-testid="label">
        <strong>{scamName(call.label)}</strong>
        <span class="tag good">{t("label_by_operator")}</span>
      </p>
    );
  if (!call.label) {
    const guess = prediction && t("unsure_guess", { name: scamName(prediction.label), share: percent(prediction.probability) });
    return (
      <p class="label unsure" data-testid="label">
        <strong>{t(state.classifier.value.state !== "ok" ? "label_by_hand" : prediction ? "label_unsure" : call.state === "ended" ? "label_none" : "label_waiting")}</strong>
        {guess && <small>{guess}</small>}
      </p>
    );
  }
  return (
    <p class={`label ${prediction?.unsure ? "unsure" : ""}`} data-testid="label">
      <strong>{scamName(call.label)}</strong>
      <Bar share={call.label_probability} />
      {prediction?.unsure && <span class="tag warn">{t("now_unsure")}</span>}
    </p>
  );
}

function Bar({ share }: { share: number }) {
  return (
    <span class="probability" title={t("probability_hint")}>
      <meter min={0} max={1} value={share} aria-label={t("probability")}>
        {percent(share)}
      </meter>
      <b>{percent(share)}</b>
    </span>
  );
}

function Reasons({ prediction }: { prediction: Prediction | null }) {
  const facts = state.call.value!.facts;
  const reasons = [
    ...(facts.being_coached ? [t("reason_operator_coached")] : []),
    ...(facts.money_gone ? [t("reason_operator_money")] : []),
    ...(prediction?.reasons ?? []).map((code) => tCode("reason_", code)),
    ...(prediction?.stage ? [t("stage_is", { stage: tCode("stage_", prediction.stage) })] : []),
  ];
  if (!reasons.length) return null;
  return (
    <ul class="reasons" aria-label={t("risk_reasons")}>
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  );
}

function EvidenceList({ evidence }: { evidence: Evidence[] }) {
  const strongest = [...evidence].sort((a, b) => b.weight - a.weight).slice(0, EVIDENCE_SHOWN);
  return (
    <div class="evidence" data-testid="evidence">
      <h3>{t("evidence")}</h3>
      <ul>
        {strongest.map((span) => {
          const line = state.segments.value.find((segment) => segment.id === span.segment_id);
          return (
            <li key={span.segment_id + span.text}>
              <button onClick={() => state.pointAt(span.segment_id)} title={t("go_to_line")}>
                <q>{span.text}</q>
                <time>{line ? clock(line.start_s) : ""}</time>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Alternatives({ prediction }: { prediction: Prediction }) {
  const shown = state.call.value!.label;
  const others = prediction.alternatives.filter((other) => other.label !== shown);
  if (!others.length) return null;
  return (
    <p class="alternatives">
      <span>{t("alternatives")}</span>
      {others.map((other) => (
        <span key={other.label}>
          {scamName(other.label)} <b>{percent(other.probability)}</b>
        </span>
      ))}
    </p>
  );
}
