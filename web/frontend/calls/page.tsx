/** Live calls first, then recent ones; where a call is opened. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { serverAheadS } from "../api";
import { boot, may, scamName, t, tCode } from "../boot";
import { ErrorBox, RiskBadge } from "../common";
import { clock, dayAndMinute, percent } from "../format";
import { Icon } from "../icons";
import { StatusBar } from "../status";
import type { Call } from "../types";
import * as state from "./state";

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
        <table class="list">
          <thead>
            <tr>
              {(["col_start", "col_duration", "col_risk", "col_type", "col_facts", "col_operator", "col_source"] as const).map((key) => (
                <th scope="col" key={key}>
                  {t(key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {calls.map((call) => (
              <Row key={call.id} call={call} />
            ))}
          </tbody>
        </table>
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
      <td>
        {call.label ? (
          <>
            {scamName(call.label)} {call.label_source === "model" && <small>{percent(call.label_probability)}</small>}
          </>
        ) : (
          <span class="muted">{t("label_waiting_short")}</span>
        )}
      </td>
      <td>
        {call.facts.money_gone && <span class="tag bad">{t("money_yes")}</span>} {call.facts.being_coached && <span class="tag bad">{t("coached_yes")}</span>}
      </td>
      <td>{call.operator_name}</td>
      <td class="muted">{sourceName(call.source)}</td>
    </tr>
  );
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

function sourceName(source: string): string {
  return tCode("source_", source).replace(/^source_/, "");
}
