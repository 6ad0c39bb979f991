/** Live calls first, then recent ones; where a call is opened. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { boot, may, t, tCode } from "../boot";
import { ErrorBox, RiskBadge } from "../common";
import { dayAndMinute } from "../format";
import { Icon } from "../icons";
import { StatusBar } from "../status";
import type { Call } from "../types";
import * as state from "./state";
import { CallTable, Duration, FactsCell, TypeCell } from "./table";

const COLUMNS = ["col_start", "col_duration", "col_risk", "col_type", "col_facts", "col_operator", "col_source"] as const;

export function CallsPage() {
  const live = state.calls.value.filter((call) => call.state === "live");
  const past = state.calls.value.filter((call) => call.state !== "live");
  return (
    <div class="calls-page">
      <h1 class="unseen">{t("calls")}</h1>
      <StatusBar recognizer={boot.recognizer} classifier={boot.classifier} />
      {state.problem.value && <ErrorBox error={state.problem.value} onClose={() => (state.problem.value = null)} />}
      {may("work_calls") && <Start />}
      <Table title={t("calls_live")} calls={live} empty={t("calls_live_none")} testid="live-calls" />
      <Table title={t("calls_recent")} calls={past} empty={t("calls_recent_none")} testid="recent-calls" />
    </div>
  );
}

function Start() {
  const file = useRef<HTMLInputElement>(null);
  const busy = useSignal(false);

  async function open(body: object | FormData): Promise<void> {
    busy.value = true;
    await state.start(body);
    busy.value = false;
  }

  function upload(): void {
    const chosen = file.current?.files?.[0];
    if (!chosen) return;
    const form = new FormData();
    form.append("file", chosen);
    form.append("realtime", "1");
    void open(form);
  }

  return (
    <section class="start" aria-label={t("start_call")}>
      <button class="primary" disabled={busy.value} onClick={() => void open({ source: "manual" })} data-testid="start-manual">
        <Icon name="pen" /> {t("start_manual")}
      </button>
      <button disabled={busy.value} onClick={() => void open({ source: "browser" })} data-testid="start-browser">
        <Icon name="speech" /> {t("start_browser")}
      </button>
      <button disabled={busy.value} onClick={() => void open({ source: "microphone" })}>
        <Icon name="speech" /> {t("start_microphone")}
      </button>
      <button disabled={busy.value} onClick={() => file.current?.click()}>
        <Icon name="jump" /> {t("start_file")}
      </button>
      <input ref={file} type="file" accept="audio/*,video/*" hidden onChange={upload} aria-label={t("start_file")} />
      {boot.demo && (
        <button disabled={busy.value} onClick={() => void open({ source: "sample" })} data-testid="start-sample">
          <Icon name="right" /> {t("start_sample")}
        </button>
      )}
    </section>
  );
}

function Table({ title, calls, empty, testid }: { title: string; calls: Call[]; empty: string; testid: string }) {
  return (
    <section class="panel" aria-label={title} data-testid={testid}>
      <h2>
        {title} <span class="count">{calls.length}</span>
      </h2>
      {calls.length === 0 ? (
        <p class="empty">{state.loaded.value ? empty : t("loading")}</p>
      ) : (
        <CallTable columns={COLUMNS}>
          <tbody>
            {calls.map((call) => (
              <Row key={call.id} call={call} />
            ))}
          </tbody>
        </CallTable>
      )}
    </section>
  );
}

function Row({ call }: { call: Call }) {
  return (
    <tr onClick={() => location.assign(`/calls/${call.id}`)}>
      <td>
        <a href={`/calls/${call.id}`}>{dayAndMinute(call.started_at)}</a>
      </td>
      <td>
        <Duration call={call} /> {call.state === "interrupted" && <span class="tag warn">{t("call_interrupted")}</span>}
      </td>
      <td>
        <RiskBadge risk={call.risk} />
      </td>
      <TypeCell call={call} sure />
      <FactsCell call={call} />
      <td>{call.operator_name}</td>
      <td class="muted">{sourceName(call.source)}</td>
    </tr>
  );
}

function sourceName(source: string): string {
  return tCode("source_", source).replace(/^source_/, "");
}
