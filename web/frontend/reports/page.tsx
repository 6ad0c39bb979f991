/** Day and month reports: the five outcomes, persons and money apart, as charts, tables and files. */

import { useEffect } from "preact/hooks";
import { scamName, t, tCode } from "../boot";
import { ErrorBox, Key } from "../common";
import { wholeYuan } from "../format";
import { Icon } from "../icons";
import { listen } from "../keys";
import { Chart } from "./chart";
import * as state from "./state";

const FIVE = ["dissuaded", "intercepted", "consulted", "guided", "reported"] as const;
const COLOURS: Record<string, string> = { dissuaded: "#0a6b3d", intercepted: "#0b57c4", consulted: "#8a97a8", guided: "#b7791f", reported: "#8a3b12" };
const MONEY = [
  ["prevented", "#0a6b3d"],
  ["stopped", "#0b57c4"],
  ["returned", "#b7791f"],
] as const;
const COLUMNS = ["at_risk", "prevented", "stopped", "returned"] as const;

export function ReportsPage() {
  useEffect(
    () =>
      listen(() => [
        { code: "ArrowLeft", run: () => state.step(-1) },
        { code: "ArrowRight", run: () => state.step(1) },
        { code: "KeyD", run: () => state.choose("day", "") },
        { code: "KeyM", run: () => state.choose("month", "") },
      ]),
    [],
  );
  const report = state.report.value;
  return (
    <div class="reports-page">
      <h1 class="unseen">{t("reports")}</h1>
      <Bar />
      {state.problem.value && <ErrorBox error={state.problem.value} onClose={() => (state.problem.value = null)} />}
      {report ? <Body report={report} /> : <p class="loading">{t("loading")}</p>}
    </div>
  );
}

function Bar() {
  const { span, day, report } = state;
  return (
    <section class="panel report-bar" aria-label={t("reports")}>
      <span role="group" aria-label={t("report_span")} class="switch">
        {(["day", "month"] as const).map((kind) => (
          <button key={kind} aria-pressed={span.value === kind} onClick={() => state.choose(kind, "")}>
            {t(`report_${kind}`)} <Key>{kind === "day" ? "D" : "M"}</Key>
          </button>
        ))}
      </span>
      <button onClick={() => state.step(-1)} aria-label={t("report_previous")}>
        <Icon name="left" /> <Key>←</Key>
      </button>
      <input type="date" value={day.value} aria-label={t("report_pick_day")} onChange={(event) => state.choose(span.value, event.currentTarget.value)} />
      <button onClick={() => state.step(1)} aria-label={t("report_next")}>
        <Icon name="right" /> <Key>→</Key>
      </button>
      {report.value && (
        <span class="muted" data-testid="report-counts">
          {t("report_received", { count: report.value.received })} · {t("report_wrapped", { count: report.value.total.calls })} ·{" "}
          {t("report_missing", { count: Math.max(report.value.received - report.value.total.calls, 0) })}
        </span>
      )}
      <span class="spacer" />
      {(["xlsx", "pdf"] as const).map((kind) => (
        <a key={kind} class="button" href={`/api/v1/reports/${kind}?${state.query()}`} data-testid={`report-${kind}`}>
          <Icon name="down" /> {kind.toUpperCase()}
        </a>
      ))}
    </section>
  );
}

function Body({ report }: { report: state.Report }) {
  const five = FIVE.map((code) => report.outcomes.find((line) => line.key === code)!);
  const labels = report.times.map((line) => (report.span === "day" ? line.key : line.key.slice(-2)));
  return (
    <>
      <ul class="figures-row">
        {five.map((line) => (
          <li key={line.key} class="panel">
            <span>{tCode("disposition_", line.key)}</span>
            <b data-testid={`persons-${line.key}`}>{line.persons.toLocaleString("zh-CN")}</b>
            <small>{t("report_persons")}</small>
          </li>
        ))}
        {MONEY.map(([name]) => (
          <li key={name} class="panel money">
            <span>{t(`money_${name}`)}</span>
            <b data-testid={`money-${name}`}>{wholeYuan(report.total[`${name}_fen`])}</b>
            <small>{t("yuan")}</small>
          </li>
        ))}
      </ul>
      {report.total.calls === 0 && <p class="notice warn">{t("report_none")}</p>}
      <div class="charts">
        <Chart
          title={t("report_chart_persons")}
          testid="chart-persons"
          labels={five.map((line) => tCode("disposition_", line.key))}
          series={[{ name: t("report_persons"), colour: "#0b57c4", values: five.map((line) => line.persons) }]}
          lying
        />
        <Chart
          title={t("report_chart_times")}
          testid="chart-times"
          labels={labels}
          series={FIVE.map((code) => ({ name: tCode("disposition_", code), colour: COLOURS[code]!, values: report.persons_by_time.map((row) => row[code] ?? 0) }))}
          stacked
        />
        <Chart
          title={t("report_chart_money")}
          testid="chart-money"
          labels={labels}
          series={MONEY.map(([name, colour]) => ({ name: t(`money_${name}`), colour, values: report.times.map((line) => line[`${name}_fen`] / 100) }))}
        />
      </div>
      <div class="report-tables">
        <Table title={t("report_outcomes")} first={t("col_disposition")} lines={[...report.outcomes, report.total]} name={(key) => (key === "total" ? t("report_total") : tCode("disposition_", key))} />
        <Table title={t("report_types")} first={t("col_type")} lines={report.types} name={(key) => scamName(key) || t("report_no_type")} />
      </div>
    </>
  );
}

function Table({ title, first, lines, name }: { title: string; first: string; lines: state.Line[]; name: (key: string) => string }) {
  if (!lines.length) return null;
  return (
    <section class="panel" aria-label={title}>
      <h2>
        {title} <small class="muted">{t("report_unit")}</small>
      </h2>
      <table class="list dense">
        <thead>
          <tr>
            <th scope="col">{first}</th>
            {[t("report_calls"), t("report_persons"), ...COLUMNS.map((column) => t(`money_${column}`))].map((head) => (
              <th scope="col" class="number" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.key} class={line.key === "total" ? "total" : undefined}>
              <th scope="row">{name(line.key)}</th>
              <td class="number">{line.calls}</td>
              <td class="number">{line.persons}</td>
              {COLUMNS.map((column) => (
                <td class="number" key={column}>
                  {wholeYuan(line[`${column}_fen`])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
