/** Retrain, compare per type on the frozen sets, promote, roll back. */

import { signal } from "@preact/signals";
import { t } from "../boot";
import { ErrorBox } from "../common";
import { dayAndMinute } from "../format";
import { Comparison } from "./comparison";
import { attempt, follow, isOpen, problem } from "./requests";
import type { Job, Model, Models } from "./types";

const found = signal<Models | null>(null);
const job = signal<Job | null>(null);
const shown = signal<string | null>(null);

async function refresh(): Promise<void> {
  found.value = (await attempt<Models>("GET", "/train/models")) ?? found.value;
  shown.value ??= found.value?.models[0]?.version ?? null;
}

export async function openModels(): Promise<void> {
  await refresh();
  const newest = found.value?.jobs[0];
  if (newest) await watch(newest);
}

async function watch(started: Job): Promise<void> {
  const wasOpen = isOpen(started);
  await follow(started, (newest) => (job.value = newest));
  if (wasOpen) {
    if (job.value?.result.version) shown.value = job.value.result.version;
    await refresh();
  }
}

async function order(event: Event): Promise<void> {
  event.preventDefault();
  const form = new FormData(event.target as HTMLFormElement);
  const started = await attempt<{ job: Job }>("POST", "/train/retrain", {
    dataset: Number(form.get("dataset")),
    epochs: Number(form.get("epochs")),
    most_steps: Number(form.get("most_steps")),
    with_own_data: form.get("with_own_data") === "on",
    fresh: form.get("start") === "fresh",
  });
  if (started) await watch(started.job);
}

async function act(path: string, body: object): Promise<void> {
  if (await attempt("POST", path, body)) await refresh();
}

/** The name of a version for people. */
function nameOf(version: string, shipped: string): string {
  return version ? version : t("train_shipped", { version: shipped });
}

export function ModelsPage() {
  const models = found.value;
  if (!models) return <div class="calls-page">{problem.value ? <ErrorBox error={problem.value} /> : <p class="loading">{t("loading")}</p>}</div>;
  const model = models.models.find((one) => one.version === shown.value);
  return (
    <div class="calls-page train-page">
      {problem.value && <ErrorBox error={problem.value} onClose={() => (problem.value = null)} />}
      <div class="train-columns two">
        <InUse models={models} />
        <Order models={models} />
      </div>
      <ModelList models={models} />
      {model && <Comparison model={model} />}
    </div>
  );
}

function InUse({ models }: { models: Models }) {
  const { current, shipped_version, promotions } = models;
  return (
    <section class="panel" aria-label={t("train_in_use")} data-testid="in-use">
      <h2>{t("train_in_use")}</h2>
      <div class="panel-body">
        <p class="figure" data-testid="current-model">
          {nameOf(current, shipped_version)}
        </p>
        <p class="hint">{t("train_in_use_hint")}</p>
        <button disabled={!promotions.length} onClick={() => void act("/train/roll-back", {})} data-testid="roll-back">
          {t("train_roll_back")}
        </button>
        <ul class="history">
          {promotions.slice(0, 5).map((promotion) => (
            <li key={promotion.at}>
              {dayAndMinute(promotion.at)} {nameOf(promotion.version, shipped_version)} <span class="muted">{promotion.by}</span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function Order({ models }: { models: Models }) {
  if (!models.can_train) {
    return (
      <section class="panel" aria-label={t("train_retrain")}>
        <h2>{t("train_retrain")}</h2>
        <p class="empty">{t("train_cannot")}</p>
      </section>
    );
  }
  return (
    <section class="panel" aria-label={t("train_retrain")}>
      <h2>{t("train_retrain")}</h2>
      <form class="panel-body order" onSubmit={(event) => void order(event)}>
        <label>
          {t("train_dataset")}
          <select name="dataset" required data-testid="order-dataset">
            {models.datasets.map((number) => (
              <option key={number} value={number}>
                {t("train_dataset_number", { number })}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("train_start")}
          <select name="start">
            <option value="current">{t("train_start_current")}</option>
            {models.has_encoder && <option value="fresh">{t("train_start_fresh")}</option>}
          </select>
        </label>
        <label>
          {t("train_epochs")}
          <input name="epochs" type="number" min="1" max="20" value="2" required data-testid="order-epochs" />
        </label>
        <label>
          {t("train_most_steps")}
          <input name="most_steps" type="number" min="0" max="100000" value="0" required data-testid="order-steps" />
        </label>
        <label class="check-line">
          <input name="with_own_data" type="checkbox" defaultChecked data-testid="order-own-data" />
          {t("train_with_own_data")}
        </label>
        <button class="primary" type="submit" disabled={!models.datasets.length || isOpen(job.value)} data-testid="retrain">
          {t("train_retrain")}
        </button>
        {!models.datasets.length && <p class="hint">{t("train_no_dataset")}</p>}
      </form>
      {job.value && <JobLine job={job.value} />}
    </section>
  );
}

function JobLine({ job: shownJob }: { job: Job }) {
  const open = isOpen(shownJob);
  return (
    <div class="panel-body job" data-testid="job" data-state={shownJob.state}>
      <progress value={shownJob.progress} max={1} aria-label={t("train_progress")} />
      <span role="status">
        {t(`train_job_${shownJob.state}`)} {shownJob.message}
        {shownJob.attempts > 1 && ` ${t("train_resumed", { count: shownJob.attempts - 1 })}`}
      </span>
      {open && (
        <button onClick={() => void attempt("POST", `/jobs/${shownJob.id}/cancel`)} data-testid="job-cancel">
          {t("train_cancel")}
        </button>
      )}
    </div>
  );
}

function ModelList({ models }: { models: Models }) {
  return (
    <section class="panel" aria-label={t("train_models")} data-testid="models">
      <h2>{t("train_models")}</h2>
      <table class="list">
        <thead>
          <tr>
            <th>{t("train_col_version")}</th>
            <th>{t("train_col_made")}</th>
            <th>{t("train_dataset")}</th>
            <th>{t("train_col_parent")}</th>
            <th>{t("train_col_f1")}</th>
            <th>{t("actions")}</th>
          </tr>
        </thead>
        <tbody>
          {models.models.map((model) => (
            <Row key={model.version} model={model} models={models} />
          ))}
          <tr>
            <td>{nameOf("", models.shipped_version)}</td>
            <td colSpan={4} class="muted">
              {t("train_shipped_hint")}
            </td>
            <td>
              <Promote version="" models={models} />
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}

function Row({ model, models }: { model: Model; models: Models }) {
  const project = model.comparison.sets?.project?.models;
  return (
    <tr data-version={model.version} class={shown.value === model.version ? "selected" : undefined}>
      <td>{model.version}</td>
      <td>
        {dayAndMinute(model.made_at)} {model.made_by}
      </td>
      <td>{t("train_dataset_number", { number: model.dataset })}</td>
      <td>{model.parent || t("train_start_fresh")}</td>
      <td class="duration">{project ? `${project.new.macro_f1.toFixed(3)} (${project.current.macro_f1.toFixed(3)})` : "–"}</td>
      <td class="actions">
        <button aria-pressed={shown.value === model.version} onClick={() => (shown.value = model.version)}>
          {t("train_compare")}
        </button>
        <Promote version={model.version} models={models} />
      </td>
    </tr>
  );
}

function Promote({ version, models }: { version: string; models: Models }) {
  if (models.current === version) return <span class="tag good">{t("train_current")}</span>;
  return (
    <button class="primary" onClick={() => void act("/train/promote", { version })} data-testid="promote">
      {t("train_promote")}
    </button>
  );
}
