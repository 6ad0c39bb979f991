/** The calls that wait for a label, each with the reason why it is asked about. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { scamName, t, tCode } from "../boot";
import { ErrorBox, Key } from "../common";
import { clock, dayAndMinute, percent } from "../format";
import { listen } from "../keys";
import { attempt, problem } from "./requests";
import type { Queue, QueueRow } from "./types";

const queue = signal<Queue | null>(null);

export async function openQueue(): Promise<void> {
  queue.value = (await attempt<Queue>("GET", "/train/queue")) ?? null;
}

function begin(): void {
  const first = queue.value?.rows[0];
  if (first) location.assign(`/train/calls/${first.call_id}`);
}

export function QueuePage() {
  useEffect(() => listen(() => (document.activeElement === document.body ? [{ code: "Enter", run: begin }] : [])), []);
  const found = queue.value;
  return (
    <div class="calls-page train-page">
      {problem.value && <ErrorBox error={problem.value} onClose={() => (problem.value = null)} />}
      <section class="panel" aria-label={t("train_queue")} data-testid="label-queue">
        <h2>
          {t("train_queue")}
          {found && <span class="count">{t("train_queue_counts", found.counts)}</span>}
          <button class="primary" disabled={!found?.rows.length} onClick={begin} data-testid="label-begin">
            {t("train_begin")} <Key>Enter</Key>
          </button>
        </h2>
        {!found && !problem.value && <p class="empty">{t("loading")}</p>}
        {found?.rows.length === 0 && <p class="empty">{t("train_queue_none")}</p>}
        {!!found?.rows.length && <Rows rows={found.rows} />}
      </section>
    </div>
  );
}

function Rows({ rows }: { rows: QueueRow[] }) {
  return (
    <table class="list">
      <thead>
        <tr>
          <th>{t("train_col_reason")}</th>
          <th>{t("train_col_model")}</th>
          <th>{t("train_col_operator_label")}</th>
          <th>{t("col_start")}</th>
          <th>{t("col_duration")}</th>
          <th>{t("col_operator")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.call_id} data-reason={row.reason}>
            <td>
              <a href={`/train/calls/${row.call_id}`}>{tCode("train_reason_", row.reason)}</a>
              {row.sent_note && <small class="note">{row.sent_note}</small>}
            </td>
            <td>{guess(row)}</td>
            <td>{row.corrected_label ? scamName(row.corrected_label) : <span class="muted">–</span>}</td>
            <td>{dayAndMinute(row.started_at)}</td>
            <td class="duration">{clock(row.duration_s)}</td>
            <td>{row.operator_name}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What the model thought; left out where the trainer shall judge unbiased. */
function guess(row: QueueRow) {
  if (row.reason === "control" || row.reason === "second") return <span class="muted">{t("train_blind")}</span>;
  if (!row.model_label) return <span class="muted">–</span>;
  return `${scamName(row.model_label)} ${percent(row.probability)}`;
}
