/** A new model beside the one it was to replace, per type, on the frozen sets. */

import { scamName, t, tCode } from "../boot";
import type { Model, TestResult } from "./types";

export function Comparison({ model }: { model: Model }) {
  const sets = Object.entries(model.comparison.sets ?? {});
  return (
    <section class="panel" aria-label={t("train_comparison")} data-testid="comparison" data-version={model.version}>
      <h2>
        {t("train_comparison")} <span class="count">{model.version}</span>
      </h2>
      <div class="comparisons">
        {sets.map(([name, result]) => (
          <SetTable key={name} name={name} result={result} />
        ))}
      </div>
      <p class="empty">{t("train_comparison_hint")}</p>
    </section>
  );
}

function SetTable({ name, result }: { name: string; result: TestResult }) {
  const { current, new: fresh } = result.models;
  const codes = Object.keys(fresh.per_class ?? {}).filter((code) => fresh.per_class[code]!.calls > 0);
  return (
    <table class="list compare">
      <caption>{t("train_set_caption", { name: tCode("train_set_", name), calls: result.calls })}</caption>
      <thead>
        <tr>
          <th>{t("col_type")}</th>
          <th>{t("train_col_calls")}</th>
          <th>{t("train_f1_current")}</th>
          <th>{t("train_f1_new")}</th>
          <th>{t("train_difference")}</th>
        </tr>
      </thead>
      <tbody>
        <Line name={t("train_macro")} calls={result.calls} before={current.macro_f1} after={fresh.macro_f1} strong />
        {codes.map((code) => (
          <Line key={code} name={scamName(code)} calls={fresh.per_class[code]!.calls} before={current.per_class[code]!.f1} after={fresh.per_class[code]!.f1} />
        ))}
      </tbody>
    </table>
  );
}

interface LineProps {
  name: string;
  calls: number;
  before: number;
  after: number;
  strong?: boolean;
}

function Line({ name, calls, before, after, strong }: LineProps) {
  const difference = after - before;
  const sign = Math.abs(difference) < 0.0005 ? "same" : difference > 0 ? "better" : "worse";
  return (
    <tr class={strong ? "strong" : undefined}>
      <td>{name}</td>
      <td class="duration">{calls}</td>
      <td class="duration">{before.toFixed(3)}</td>
      <td class="duration">{after.toFixed(3)}</td>
      <td class={`duration ${sign}`}>{sign === "same" ? "0" : `${difference > 0 ? "▲ +" : "▼ "}${difference.toFixed(3)}`}</td>
    </tr>
  );
}
