/** All calls: found by date, type, risk, operator, outcome, amount, and by what was said. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { boot, may, scamName, t, tCode } from "../boot";
import { CallTable, MoneyCell, TypeCell } from "../calls/table";
import { ErrorBox, Key, RiskBadge } from "../common";
import { clock, localMinute } from "../format";
import type { FoundCall, Segment } from "../types";
import * as state from "./state";

const COLUMNS = ["col_start", "col_duration", "col_risk", "col_type", "col_operator", "col_disposition", "col_money"] as const;
const RISKS = ["紧急", "高", "中", "低"] as const;
const RISK_CODES = { 紧急: "urgent", 高: "high", 中: "medium", 低: "low" } as const;

export function ArchivePage() {
  const { found, more, busy, problem } = state;
  return (
    <div class="calls-page archive-page">
      <h1 class="unseen">{t("archive")}</h1>
      <Filters />
      {problem.value && <ErrorBox error={problem.value} onClose={() => (problem.value = null)} />}
      <section class="panel" aria-label={t("archive")} aria-busy={busy.value} data-testid="archive-results">
        <h2 aria-live="polite">
          {found.value ? t(more.value ? "archive_found_more" : "archive_found", { count: found.value.length }) : t("loading")}
        </h2>
        {found.value?.length === 0 && <p class="empty">{t("archive_none")}</p>}
        {!!found.value?.length && <Results calls={found.value} />}
        {more.value && (
          <button class="more" disabled={busy.value} onClick={() => void state.showMore()}>
            {t("archive_more")}
          </button>
        )}
      </section>
    </div>
  );
}

function Filters() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    function focus(event: KeyboardEvent): void {
      if (event.key !== "/" || event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
      event.preventDefault();
      input.current?.select();
    }
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);

  function submit(event: Event): void {
    event.preventDefault();
    void state.search();
  }

  /** Choices act at once; what is typed waits for Enter. */
  function choose(field: state.Field, value: string): void {
    state.set(field, value);
    void state.search();
  }

  const value = state.conditions.value;
  const typed = (field: state.Field) => ({
    value: value[field],
    onInput: (event: Event) => state.set(field, (event.target as HTMLInputElement).value),
  });
  const chosen = (field: state.Field) => ({
    value: value[field],
    onChange: (event: Event) => choose(field, (event.target as HTMLInputElement | HTMLSelectElement).value),
  });
  return (
    <form class="filters panel" role="search" onSubmit={submit}>
      <div class="search-line">
        <label class="grow">
          <span>
            {t("archive_search")} <Key>/</Key>
          </span>
          <input ref={input} type="search" maxLength={60} placeholder={t("archive_search_hint")} data-testid="archive-text" {...typed("text")} />
        </label>
        <button class="primary" type="submit" disabled={state.busy.value}>
          {t("filter_submit")}
        </button>
        <button type="button" disabled={!state.anyCondition.value} onClick={state.clear}>
          {t("filter_clear")}
        </button>
      </div>
      <div class="filter-line">
        <Field name={t("filter_since")}>
          <input type="date" max={value.until} {...chosen("since")} />
        </Field>
        <Field name={t("filter_until")}>
          <input type="date" min={value.since} {...chosen("until")} />
        </Field>
        <Field name={t("col_type")}>
          <Choice props={chosen("label")} options={boot.scam_types.map((type) => [type.code, scamName(type.code)])} />
        </Field>
        <Field name={t("col_risk")}>
          <Choice props={chosen("risk")} options={RISKS.map((risk) => [risk, tCode("risk_", RISK_CODES[risk])])} />
        </Field>
        <Field name={t("col_operator")}>
          <Choice props={chosen("operator_id")} options={Object.entries(boot.operators ?? {})} />
        </Field>
        <Field name={t("col_disposition")}>
          <Choice props={chosen("disposition")} options={(boot.dispositions ?? []).map((code) => [code, tCode("disposition_", code)])} />
        </Field>
        <Field name={t("filter_amount")}>
          <input type="number" min="0" step="1" inputMode="numeric" {...typed("amount")} />
        </Field>
      </div>
    </form>
  );
}

function Field({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <label>
      <span>{name}</span>
      {children}
    </label>
  );
}

function Choice({ props, options }: { props: { value: string; onChange: (event: Event) => void }; options: [string, string][] }) {
  return (
    <select {...props}>
      <option value="">{t("filter_any")}</option>
      {options.map(([code, name]) => (
        <option key={code} value={code}>
          {name}
        </option>
      ))}
    </select>
  );
}

function Results({ calls }: { calls: FoundCall[] }) {
  return (
    <CallTable columns={COLUMNS}>
      {calls.map((call) => (
        <Result key={call.id} call={call} />
      ))}
    </CallTable>
  );
}

/** One call: its row and, below it, where the text was said. */
function Result({ call }: { call: FoundCall }) {
  const address = call.state !== "live" && may("review_calls") ? `/calls/${call.id}/review` : `/calls/${call.id}`;
  return (
    <tbody onClick={() => location.assign(address)} data-testid="archive-call">
      <tr>
        <td>
          <a href={address}>{localMinute(call.started_at).replace("T", " ")}</a>
        </td>
        <td class="duration">{clock(call.duration_s)}</td>
        <td>
          <RiskBadge risk={call.risk} />
        </td>
        <TypeCell call={call} />
        <td>{call.operator_name}</td>
        <td>{call.disposition ? tCode("disposition_", call.disposition) : <span class="muted">—</span>}</td>
        <MoneyCell call={call} />
      </tr>
      {call.hits.length > 0 && (
        <tr class="hits">
          <td colSpan={7}>
            {call.hits.map((hit) => (
              <Hit key={hit.id} hit={hit} />
            ))}
          </td>
        </tr>
      )}
    </tbody>
  );
}

function Hit({ hit }: { hit: Segment }) {
  return (
    <p class="hit">
      <span class="muted">
        {clock(hit.start_s)} {tCode("channel_", hit.channel)}
      </span>{" "}
      {marked(hit.normalised, state.searchedText.value)}
    </p>
  );
}

/** Mark the searched words in a text. */
function marked(text: string, wanted: string): ComponentChildren {
  const words = wanted.normalize("NFKC").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return text;
  return text.split(new RegExp(`(${words.join("|")})`, "giu")).map((piece, place) => (place % 2 ? <mark key={place}>{piece}</mark> : piece));
}
