/** Data set versions, frozen test sets, files in and out, and how far two trainers agree. */

import { signal } from "@preact/signals";
import { scamName, t, tCode } from "../boot";
import { ErrorBox } from "../common";
import { dayAndMinute } from "../format";
import { attempt, follow, isOpen, problem } from "./requests";
import type { Dataset, Job } from "./types";

const FORMATS = ["jsonl", "csv", "label_studio", "doccano"] as const;

interface Datasets {
  now: { calls: number; left_out: Record<string, number> };
  data: Dataset[];
  test: Dataset[];
}

const sets = signal<Datasets | null>(null);
const agreement = signal<Job | null>(null);
const imported = signal("");

async function refresh(): Promise<void> {
  sets.value = (await attempt<Datasets>("GET", "/train/datasets")) ?? sets.value;
}

export async function openData(): Promise<void> {
  await refresh();
  const answer = await attempt<{ job: Job }>("POST", "/train/agreement");
  if (answer) await follow(answer.job, (job) => (agreement.value = job));
}

async function make(path: string): Promise<void> {
  if (await attempt("POST", path)) await refresh();
}

export function DataPage() {
  const found = sets.value;
  return (
    <div class="calls-page train-page">
      {problem.value && <ErrorBox error={problem.value} onClose={() => (problem.value = null)} />}
      <div class="train-columns">
        <section class="panel" aria-label={t("train_now")} data-testid="labelled-now">
          <h2>{t("train_now")}</h2>
          <div class="panel-body">
            <p>{t("train_now_calls", { count: found?.now.calls ?? 0 })}</p>
            {found && <LeftOut counts={found.now.left_out} />}
            <div class="row">
              <button class="primary" onClick={() => void make("/train/datasets")} data-testid="make-dataset">
                {t("train_make_dataset")}
              </button>
              <button onClick={() => void make("/train/test-sets")} data-testid="freeze-test-set">
                {t("train_freeze")}
              </button>
            </div>
            <p class="hint">{t("train_split_hint")}</p>
            <Exports kind="data" number={0} />
          </div>
        </section>
        <Agreement />
        <Import />
      </div>
      <Sets title={t("train_datasets")} rows={found?.data ?? []} testid="datasets" />
      <Sets title={t("train_test_sets")} rows={found?.test ?? []} testid="test-sets" />
    </div>
  );
}

function LeftOut({ counts }: { counts: Record<string, number> }) {
  const rows = Object.entries(counts);
  if (!rows.length) return null;
  return <p class="muted">{t("train_left_out") + rows.map(([why, count]) => `${tCode("train_left_", why)} ${count}`).join("，")}</p>;
}

function Exports({ kind, number }: { kind: string; number: number }) {
  return (
    <span class="exports">
      {FORMATS.map((format) => (
        <a key={format} href={`/api/v1/train/export/${kind}/${number}/${format}`} download>
          {tCode("train_format_", format)}
        </a>
      ))}
    </span>
  );
}

function Sets({ title, rows, testid }: { title: string; rows: Dataset[]; testid: string }) {
  return (
    <section class="panel" aria-label={title} data-testid={testid}>
      <h2>{title}</h2>
      {rows.length === 0 && <p class="empty">{t("train_sets_none")}</p>}
      {rows.length > 0 && (
        <table class="list">
          <thead>
            <tr>
              <th>{t("train_col_number")}</th>
              <th>{t("train_col_made")}</th>
              <th>{t("train_col_calls")}</th>
              <th>{t("train_col_types")}</th>
              <th>SHA-256</th>
              <th>{t("train_col_export")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.number}>
                <td>{row.number}</td>
                <td>
                  {dayAndMinute(row.made_at)} {row.made_by}
                </td>
                <td>{splits(row)}</td>
                <td class="types">{types(row)}</td>
                <td>
                  <code>{row.sha256.slice(0, 12)}</code>{" "}
                  <span class={`tag ${row.sound ? "good" : "bad"}`}>{t(row.sound ? "train_sound" : "train_unsound")}</span>
                </td>
                <td>
                  <Exports kind={row.kind} number={row.number} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function splits(row: Dataset): string {
  if (row.kind === "test") return String(row.counts.test ?? 0);
  return t("train_splits", { train: row.counts.train ?? 0, validation: row.counts.validation ?? 0 });
}

function types(row: Dataset): string {
  const counts = Object.entries(row.counts.labels).sort((a, b) => b[1] - a[1]);
  return counts.map(([code, count]) => `${scamName(code)} ${count}`).join("、");
}

function Agreement() {
  const job = agreement.value;
  const kappa = job?.result.kappa as number | null | undefined;
  return (
    <section class="panel" aria-label={t("train_agreement")} data-testid="agreement" data-state={job?.state}>
      <h2>{t("train_agreement")}</h2>
      <div class="panel-body">
        {(!job || isOpen(job)) && <p class="muted">{t("train_measuring")}</p>}
        {job?.state === "failed" && <p class="muted">{job.message}</p>}
        {job?.state === "done" && (
          <>
            <p class="figure">{kappa === null || kappa === undefined ? "–" : `κ ${kappa.toFixed(2)}`}</p>
            <p>{t("train_agreement_text", { calls: job.result.calls, same: job.result.same })}</p>
            {(job.result.different as { call_id: string; first: string; second: string }[]).slice(0, 5).map((row) => (
              <p key={row.call_id} class="hint">
                <a href={`/train/calls/${row.call_id}`}>{t("train_disputed")}</a> {verdict(row.first)} / {verdict(row.second)}
              </p>
            ))}
          </>
        )}
        <p class="hint">{t("train_kappa_hint")}</p>
      </div>
    </section>
  );
}

function verdict(code: string): string {
  return scamName(code) || tCode("train_left_", code);
}

async function send(event: Event): Promise<void> {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  imported.value = "";
  const answer = await attempt<{ imported: Record<string, number> }>("POST", "/train/import", new FormData(form));
  if (!answer) return;
  imported.value = t("train_imported", answer.imported);
  form.reset();
  await refresh();
}

function Import() {
  return (
    <section class="panel" aria-label={t("train_import")}>
      <h2>{t("train_import")}</h2>
      <form class="panel-body" onSubmit={(event) => void send(event)}>
        <label>
          {t("train_format")}
          <select name="format" data-testid="import-format">
            {FORMATS.map((format) => (
              <option key={format} value={format}>
                {tCode("train_format_", format)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("train_file")}
          <input type="file" name="file" required data-testid="import-file" />
        </label>
        <button type="submit">{t("train_import")}</button>
        {imported.value && <p role="status">{imported.value}</p>}
        <p class="hint">{t("train_import_hint")}</p>
      </form>
    </section>
  );
}
