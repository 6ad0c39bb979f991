/** The second person's page: requests that wait, the whole of one, approve or send back. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { scamName, t, tCode } from "../boot";
import { ErrorBox, Key, RiskBadge } from "../common";
import { amountInWords, clock, dayAndMinute, inFours, localMinute, passesLuhn, yuan } from "../format";
import { Icon } from "../icons";
import { listen } from "../keys";
import type { FreezeFields } from "../types";
import * as state from "./state";

const FIELDS: (keyof FreezeFields)[] = ["payee_bank", "payer_name", "payer_account", "payer_bank", "channel", "reference", "summary"];
const CARD = /^\d{16,19}$/;
const MOST_STOPS = 2;

export function FreezesPage() {
  useEffect(
    () =>
      listen(() => [
        { code: "KeyJ", run: () => state.move(1) },
        { code: "KeyK", run: () => state.move(-1) },
        { code: "KeyR", run: () => document.getElementById("decision-reason")?.focus() },
        { code: "Escape", run: () => (document.activeElement as HTMLElement | null)?.blur(), inFields: true },
      ]),
    [],
  );
  const rows = state.waiting.value;
  return (
    <div class="freezes-page">
      <h1 class="unseen">{t("freezes")}</h1>
      {state.problem.value && <ErrorBox error={state.problem.value} onClose={() => (state.problem.value = null)} />}
      <section class="panel freeze-queue" aria-labelledby="queue-title" data-testid="freeze-queue">
        <h2 id="queue-title">
          {t("freeze_queue")} <span class="count">{rows?.length ?? ""}</span>
          <small class="muted">
            <Key>J</Key> <Key>K</Key> {t("key_move")}
          </small>
        </h2>
        <p class="hint">{t("freeze_queue_hint")}</p>
        {rows?.length === 0 && <p class="empty">{t("freeze_queue_none")}</p>}
        <ul>
          {(rows ?? []).map((row) => (
            <li key={row.id}>
              <button class={state.whole.value?.freeze.id === row.id ? "selected" : ""} onClick={() => void state.open(row.id)} data-testid="waiting-freeze">
                <b class="number">
                  {yuan(row.fields.amount_fen)} {t("yuan")}
                </b>
                <span>{row.fields.payee_name}</span>
                <span class="muted">
                  {t("freeze_maker")} {row.maker}
                </span>
                <Age since={row.created_at} />
                {row.own && <span class="tag warn">{t("freeze_own")}</span>}
              </button>
            </li>
          ))}
        </ul>
      </section>
      {state.whole.value ? <Whole key={state.whole.value.freeze.id} whole={state.whole.value} /> : <Nothing />}
    </div>
  );
}

function Nothing() {
  const decided = state.decided.value;
  return (
    <section class="panel freeze-whole" aria-label={t("freeze_whole")}>
      {decided && (
        <p class="notice good" role="status" data-testid="decided" data-status={decided.status}>
          {t("freeze_decided", { state: tCode("freeze_status_", decided.status) })}
        </p>
      )}
      <p class="empty">{t("freeze_pick")}</p>
    </section>
  );
}

function Age({ since }: { since: string }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span class="age">
      {t("freeze_age")} {clock((now.value - Date.parse(since)) / 1000)}
    </span>
  );
}

function Whole({ whole }: { whole: state.Whole }) {
  const { freeze, call, stops } = whole;
  const { fields } = freeze;
  const doubtful = CARD.test(fields.payee_account) && !passesLuhn(fields.payee_account);
  return (
    <section class="panel freeze-whole" aria-labelledby="whole-title" data-testid="freeze-whole">
      <h2 id="whole-title">{t("freeze_whole")}</h2>
      <dl>
        <dt>{t("field_payee_name")}</dt>
        <dd class="big">{fields.payee_name}</dd>
        <dt>{t("field_payee_account")}</dt>
        <dd class="big">
          {inFours(fields.payee_account)} <small>{t("digit_count", { count: fields.payee_account.length })}</small> {doubtful && <span class="tag warn">{t("warning_luhn")}</span>}
        </dd>
        <dt>{t("field_amount")}</dt>
        <dd class="big">
          {yuan(fields.amount_fen)} <small>{amountInWords(fields.amount_fen)}</small>
        </dd>
        <dt>{t("field_transfer_time")}</dt>
        <dd class="big">{localMinute(fields.transfer_time).replace("T", " ")}</dd>
        {FIELDS.map(
          (name) =>
            fields[name] && (
              <>
                <dt>{tCode("field_", name)}</dt>
                <dd>{name === "payer_account" ? inFours(String(fields[name])) : String(fields[name])}</dd>
              </>
            ),
        )}
        <dt>{t("freeze_maker")}</dt>
        <dd>
          {whole.maker} · {dayAndMinute(freeze.created_at)}
        </dd>
        <dt>{t("freeze_call")}</dt>
        <dd>
          {call ? (
            <>
              <a href={`/calls/${call.id}`}>{dayAndMinute(call.started_at)}</a> <RiskBadge risk={call.risk} /> {scamName(call.label)}{" "}
              {call.facts.money_gone && <span class="tag bad">{t("money_yes")}</span>}
            </>
          ) : (
            "—"
          )}
        </dd>
        <dt>{t("freeze_stops")}</dt>
        <dd>
          {stops.length === 0 && t("freeze_stops_none")}
          {stops.map((stop) => (
            <p key={stop.id}>
              {tCode("freeze_status_", stop.status)} {stop.receipt} · {stop.hold_expires_at && holdText(stop.hold_expires_at)}
            </p>
          ))}
          {stops.length >= MOST_STOPS && <p class="notice bad">{t("freeze_stops_limit")}</p>}
          <small class="block muted">{t("freeze_rule")}</small>
        </dd>
      </dl>
      <Decision whole={whole} />
    </section>
  );
}

function holdText(until: string): string {
  const at = dayAndMinute(until);
  return Date.parse(until) > Date.now() ? t("freeze_hold_until", { at }) : t("freeze_hold_over", { at });
}

function Decision({ whole }: { whole: state.Whole }) {
  const reason = useSignal("");
  const canApprove = whole.stops.length < MOST_STOPS;
  useEffect(() => listen(() => [{ code: "Ctrl+Enter", run: () => canApprove && !whole.own && void state.decide(true, reason.value), inFields: true }]), []);
  if (whole.own) return <p class="notice warn">{t("freeze_own")}</p>;
  return (
    <form class="decision" onSubmit={(event) => event.preventDefault()}>
      <label>
        <span>
          {t("freeze_reason")} <Key>R</Key>
        </span>
        <input id="decision-reason" maxLength={500} value={reason.value} onInput={(event) => (reason.value = event.currentTarget.value)} />
      </label>
      <div class="row">
        <button
          type="button"
          class="primary"
          disabled={state.busy.value || !canApprove}
          onClick={() => void state.decide(true, reason.value)}
          data-testid="approve-freeze"
        >
          <Icon name="check" /> {t("freeze_approve")} <Key>Ctrl+Enter</Key>
        </button>
        <button type="button" class="danger" disabled={state.busy.value || !reason.value.trim()} onClick={() => void state.decide(false, reason.value)} data-testid="send-back-freeze">
          {t("freeze_send_back")}
        </button>
      </div>
    </form>
  );
}
