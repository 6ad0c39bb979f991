/** Tables of calls: their head, and the cells that several pages show alike. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { serverAheadS } from "../api";
import { scamName, t } from "../boot";
import { clock, percent, wholeYuan } from "../format";
import type { Call } from "../types";

type Column =
  | "col_disposition"
  | "col_duration"
  | "col_facts"
  | "col_freeze"
  | "col_money"
  | "col_operator"
  | "col_risk"
  | "col_source"
  | "col_start"
  | "col_type";

/** A table with these columns; its bodies are the children. */
export function CallTable({ columns, children }: { columns: readonly Column[]; children: ComponentChildren }) {
  return (
    <table class="list">
      <thead>
        <tr>
          {columns.map((key) => (
            <th scope="col" key={key} class={key === "col_money" ? "number" : undefined}>
              {t(key)}
            </th>
          ))}
        </tr>
      </thead>
      {children}
    </table>
  );
}

/** The scam type; how sure the model is where `sure` is asked for and the label is the model's. */
export function TypeCell({ call, sure = false }: { call: Call; sure?: boolean }) {
  if (!call.label)
    return (
      <td>
        <span class="muted">{t("label_waiting_short")}</span>
      </td>
    );
  return (
    <td>
      {scamName(call.label)} {sure && call.label_source === "model" && <small>{percent(call.label_probability)}</small>}
    </td>
  );
}

/** The operator's answers that make a call pressing. */
export function FactsCell({ call }: { call: Call }) {
  return (
    <td>
      {call.facts.money_gone && <span class="tag bad">{t("money_yes")}</span>} {call.facts.being_coached && <span class="tag bad">{t("coached_yes")}</span>}
    </td>
  );
}

/** Money at risk. */
export function MoneyCell({ call }: { call: Call }) {
  return <td class="number">{call.at_risk_fen ? wholeYuan(call.at_risk_fen) : <span class="muted">—</span>}</td>;
}

/** Seconds of a call, counting up while it is live. */
export function Duration({ call }: { call: Call }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    if (call.state !== "live") return;
    const timer = setInterval(() => (now.value = Date.now()), 1000);
    return () => clearInterval(timer);
  }, [call.state]);
  const seconds = call.state === "live" ? now.value / 1000 + serverAheadS - Date.parse(call.started_at) / 1000 : call.duration_s;
  return <span class="duration">{clock(seconds)}</span>;
}
