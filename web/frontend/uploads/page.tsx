/** Recordings handed in by drop or chooser; each file has its own line, progress and error. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t, tCode } from "../boot";
import { ErrorBox } from "../common";
import { bytesText, clock } from "../format";
import { Icon } from "../icons";
import * as state from "./state";

export function UploadsPage() {
  return (
    <div class="calls-page uploads-page">
      <h1 class="visually-hidden">{t("uploads")}</h1>
      {state.problem.value && <ErrorBox error={state.problem.value} onClose={() => (state.problem.value = null)} />}
      <DropZone />
      <List />
    </div>
  );
}

function DropZone() {
  const chooser = useRef<HTMLInputElement>(null);
  const over = useSignal(false);
  const limits = state.limits.value;

  useEffect(() => {
    const stop = (event: DragEvent) => {
      event.preventDefault();
      over.value = event.type === "dragover";
      if (event.type === "drop") state.add([...(event.dataTransfer?.files ?? [])]);
    };
    for (const name of ["dragover", "dragleave", "drop"] as const) addEventListener(name, stop);
    return () => {
      for (const name of ["dragover", "dragleave", "drop"] as const) removeEventListener(name, stop);
    };
  }, []);

  function choose(): void {
    state.add([...(chooser.current?.files ?? [])]);
    if (chooser.current) chooser.current.value = "";
  }

  return (
    <section class={`panel drop-zone ${over.value ? "over" : ""}`} aria-label={t("uploads")} data-testid="drop-zone">
      <Icon name="upload" />
      <p class="drop-title">{t("uploads_drop")}</p>
      <button class="primary" onClick={() => chooser.current?.click()}>
        {t("uploads_choose")}
      </button>
      <input ref={chooser} type="file" multiple accept="audio/*,video/*,.amr,.awb,.g722,.gsm,.opus,.wma,.aif" hidden onChange={choose} aria-label={t("uploads_choose")} data-testid="upload-files" />
      {limits && <p class="hint">{t("uploads_drop_hint", { size: bytesText(limits.bytes), hours: limits.hours })}</p>}
      <p class="hint">{t("uploads_layout_hint")}</p>
      <label class="inline-check">
        <input type="checkbox" checked={state.mirrored.value} onChange={(event) => (state.mirrored.value = event.currentTarget.checked)} />
        {t("uploads_mirrored")}
      </label>
    </section>
  );
}

function List() {
  const rows = state.uploads.value;
  const locals = state.locals.value;
  const done = rows.filter((row) => !state.isOpen(row)).length;
  return (
    <section class="panel" aria-label={t("uploads_list")} data-testid="uploads">
      <h2>
        {t("uploads_list")} <span class="count">{t("uploads_total", { done, total: rows.length + locals.length })}</span>
      </h2>
      {rows.length + locals.length === 0 ? (
        <p class="empty">{state.loaded.value ? t("uploads_none") : t("loading")}</p>
      ) : (
        <table class="list">
          <thead>
            <tr>
              {(["upload_name", "upload_size", "upload_progress", "upload_result"] as const).map((key) => (
                <th scope="col" key={key}>
                  {t(key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {locals.map((local) => (
              <LocalRow key={local.key} local={local} />
            ))}
            {rows.map((row) => (
              <Row key={row.id} upload={row} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function LocalRow({ local }: { local: state.Local }) {
  return (
    <tr data-state={local.state}>
      <td class="file-name">{local.file.name}</td>
      <td>{bytesText(local.file.size)}</td>
      <td>
        <Progress name={local.file.name} label={tCode("upload_state_", local.state)} share={local.state === "failed" ? 0 : local.sent / local.file.size} />
      </td>
      <td class="upload-result">
        {local.error && <span class="tag bad">{t("upload_state_failed")}</span>}
        {local.error && <span class="why">{local.error}</span>}
        <button class="quiet" onClick={() => state.drop(local)}>
          {local.error ? t("close") : t("upload_cancel")}
        </button>
      </td>
    </tr>
  );
}

function Row({ upload }: { upload: state.Upload }) {
  return (
    <tr data-state={upload.state} data-upload={upload.id}>
      <td class="file-name">{upload.name}</td>
      <td>{bytesText(upload.size)}</td>
      <td>
        <Progress name={upload.name} label={tCode("upload_state_", upload.state)} share={upload.progress} />
      </td>
      <td class="upload-result">
        {upload.call_id && (
          <a href={`/calls/${upload.call_id}`}>
            {t("upload_open")} {clock(upload.duration_s)}
          </a>
        )}
        {upload.layout && <span class={`tag ${upload.layout === "single_speaker" ? "warn" : ""}`}>{tCode("layout_", upload.layout)}</span>}
        {upload.state === "failed" && <span class="tag bad">{t("upload_state_failed")}</span>}
        {(upload.state === "failed" || upload.warning) && <span class="why">{upload.warning || upload.message}</span>}
        {state.isOpen(upload) && (
          <button class="quiet" onClick={() => void state.cancel(upload)}>
            {t("upload_cancel")}
          </button>
        )}
      </td>
    </tr>
  );
}

function Progress({ name, label, share }: { name: string; label: string; share: number }) {
  const whole = Math.floor(share * 100);
  return (
    <span class="progress-cell">
      <progress max={100} value={whole} aria-label={`${name} ${label}`} />
      <span>
        {label} {share > 0 && share < 1 ? `${whole}%` : ""}
      </span>
    </span>
  );
}
