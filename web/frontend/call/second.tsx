/** The second transcription after the call: how far it is, and both versions side by side for those who review. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../api";
import { may, t, tCode } from "../boot";
import { Dialog } from "../dialog";
import { clock } from "../format";
import type { Channel } from "../types";
import * as state from "./state";

const POLL_MS = 2000;

interface Status {
  wanted: boolean;
  job: { id: string; state: "queued" | "running" | "done" | "failed" | "cancelled"; progress: number; message: string } | null;
  made: { at: string; model: string } | null;
}
interface Piece {
  text: string;
  same: boolean;
}
interface Row {
  channel: Channel;
  start_s: number;
  same: boolean;
  segment_id: string | null;
  first: Piece[];
  second: Piece[];
}
interface Fact {
  type: string;
  value: string | number;
}
interface Differences {
  rows: Row[];
  changes: { label: { before: string; after: string } | null; gained: Fact[]; lost: Fact[] } | null;
  model: string;
}

const status = signal<Status | null>(null);
const differences = signal<Differences | null>(null);
const onlyChanged = signal(true);

const path = `/calls/${state.callId}/second-pass`;

function open(): boolean {
  return ["queued", "running"].includes(status.value?.job?.state ?? "");
}

async function look(): Promise<void> {
  await state.attempt(async () => {
    status.value = await api<Status>("GET", path);
  });
}

async function again(): Promise<void> {
  await state.attempt(async () => {
    status.value = await api<Status>("POST", path, {});
  });
}

async function showDifferences(): Promise<void> {
  await state.attempt(async () => {
    differences.value = await api<Differences>("GET", `${path}/differences`);
  });
}

/** A line below the transcript of a finished call; nothing where there is nothing to say or to do. */
export function SecondPass() {
  const over = state.call.value?.state !== "live";
  const busy = open();
  useEffect(() => {
    if (over) void look();
  }, [over]);
  useEffect(() => {
    if (!busy) return;
    const timer = setInterval(() => void look(), POLL_MS);
    return () => clearInterval(timer);
  }, [busy]);
  const now = status.value;
  const mayReview = may("review_calls");
  if (!over || !now || (!now.job && !mayReview)) return null;
  return (
    <div class="second-pass" data-testid="second-pass">
      <strong>{t("second_pass")}</strong>
      {busy && <progress max={1} value={now.job!.progress} aria-label={t("second_pass")} />}
      <span class="muted" role="status">
        {said(now)}
      </span>
      <span class="spacer" />
      {now.made && mayReview && (
        <button onClick={() => void showDifferences()} data-testid="second-compare">
          {t("second_compare")}
        </button>
      )}
      {!busy && mayReview && (
        <button class="quiet" onClick={() => void again()}>
          {t(now.made ? "second_again" : "second_start")}
        </button>
      )}
      {differences.value && <Compared shown={differences.value} />}
    </div>
  );
}

function said({ job, made }: Status): string {
  if (job && open()) return job.message || t(job.state === "queued" ? "second_queued" : "second_running");
  if (job?.state === "failed") return job.message;
  if (job?.state === "cancelled") return t("second_cancelled");
  return made ? t("second_made", { model: made.model }) : t("second_none");
}

function Compared({ shown }: { shown: Differences }) {
  const rows = onlyChanged.value ? shown.rows.filter((row) => !row.same) : shown.rows;
  const changes = shown.changes;
  return (
    <Dialog title={t("second_compare_title", { count: shown.rows.filter((row) => !row.same).length })} onClose={() => (differences.value = null)} wide>
      <div class="compared">
        {changes && (
          <dl class="changes">
            <dt>{t("second_label")}</dt>
            <dd>{changes.label ? t("second_label_changed", changes.label) : t("second_unchanged")}</dd>
            <dt>{t("second_gained")}</dt>
            <dd>{facts(changes.gained)}</dd>
            <dt>{t("second_lost")}</dt>
            <dd>{facts(changes.lost)}</dd>
          </dl>
        )}
        <label class="check">
          <input type="checkbox" checked={onlyChanged.value} onChange={(event) => (onlyChanged.value = event.currentTarget.checked)} />
          {t("second_only_changed")}
        </label>
        <div class="versions" tabIndex={0} role="region" aria-label={t("second_compare")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("second_time")}</th>
                <th scope="col">{t("second_first_version")}</th>
                <th scope="col">{t("second_second_version", { model: shown.model })}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={`${row.channel}${row.start_s}`} class={row.channel}>
                  <th scope="row">
                    {clock(row.start_s)} <span class="speaker">{tCode("channel_", row.channel)}</span>
                  </th>
                  <td>{pieces(row.first, "del")}</td>
                  <td>{pieces(row.second, "ins")}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {rows.length === 0 && <p class="empty">{t("second_same")}</p>}
        </div>
      </div>
    </Dialog>
  );
}

function pieces(all: Piece[], Mark: "ins" | "del") {
  return all.length ? all.map((piece, place) => (piece.same ? piece.text : <Mark key={place}>{piece.text}</Mark>)) : <span class="muted">—</span>;
}

function facts(all: Fact[]): string {
  return all.map((fact) => `${tCode("entity_", fact.type)} ${fact.value}`).join("、") || t("second_none_such");
}
