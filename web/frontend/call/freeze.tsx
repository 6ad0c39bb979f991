/** The payment-stop request: prefilled from what was heard, corrected by hand, sent once, followed to its receipt. */

import { effect, signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, serverAheadS, uuid4 } from "../api";
import { may, t, tCode } from "../boot";
import { Key } from "../common";
import { amountInWords, clock, fenOf, inFours, localMinute, passesLuhn, plainYuan, timeOfDay, yuan } from "../format";
import { Icon } from "../icons";
import type { Draft, Freeze, FreezeFields } from "../types";
import * as state from "./state";

type FieldName = "payee_name" | "payee_account" | "amount" | "transfer_time" | "payee_bank" | "payer_name" | "payer_account" | "payer_bank" | "channel" | "reference" | "summary";
type Values = Record<FieldName, string>;

const EMPTY: Values = {
  payee_name: "", payee_account: "", amount: "", transfer_time: "", payee_bank: "", payer_name: "", payer_account: "", payer_bank: "", channel: "", reference: "", summary: "",
};
const REQUIRED: FieldName[] = ["payee_account", "payee_name", "amount", "transfer_time"];
const MORE: FieldName[] = ["payer_name", "payer_account", "payer_bank", "channel", "reference"];
const HEARD_AS: Partial<Record<FieldName, string[]>> = {
  payee_account: ["bank_card", "alipay"],
  payee_name: ["person"],
  amount: ["amount"],
  transfer_time: ["time"],
};
const CARD_LENGTH = /^\d{16,19}$/;

export const formOpen = signal(false);
const values = signal<Values>(EMPTY);
const draft = signal<Draft>({});
const touched = signal<ReadonlySet<FieldName>>(new Set());
const sending = signal(false);
const requestId = signal("");
const replaces = signal<Freeze | null>(null);

/** Show the form; seeing the values unmasked is written to the audit trail. */
export async function openForm(mismatched: Freeze | null = null): Promise<void> {
  if (!may("send_freeze")) return;
  if (!(await state.reveal("freeze_form"))) return;
  if (formOpen.value && !mismatched) {
    document.getElementById("freeze-payee_account")?.focus();
    return;
  }
  requestId.value = uuid4();
  const fresh = mismatched ? (state.freezes.value.find((freeze) => freeze.id === mismatched.id) ?? mismatched) : null;
  replaces.value = fresh;
  values.value = fresh ? valuesOf(fresh.fields) : EMPTY;
  touched.value = new Set(fresh ? (Object.keys(EMPTY) as FieldName[]) : []);
  formOpen.value = true;
  await takeDraft();
}

export function closeForm(): void {
  formOpen.value = false;
}

/** Fill fields that nobody has touched with what was heard so far. */
async function takeDraft(): Promise<void> {
  await state.attempt(async () => {
    draft.value = (await api<{ fields: Draft }>("GET", `/calls/${state.callId}/freeze-draft`)).fields;
  });
  const heard: Partial<Values> = {};
  const cells = draft.value;
  if (cells.payee_name) heard.payee_name = String(cells.payee_name.value);
  if (cells.payee_account) heard.payee_account = String(cells.payee_account.value);
  if (cells.payee_bank) heard.payee_bank = String(cells.payee_bank.value);
  if (cells.amount_fen) heard.amount = plainYuan(Number(cells.amount_fen.value));
  if (cells.transfer_time) heard.transfer_time = localMinute(String(cells.transfer_time.value));
  const next = { ...values.value };
  for (const name of Object.keys(heard) as FieldName[]) if (!touched.value.has(name)) next[name] = heard[name]!;
  values.value = next;
}

effect(() => {
  if (state.entities.value && formOpen.peek()) void takeDraft();
});

/** Send what the form says. The request id stays until an answer came, so pressing again is safe. */
export async function submitForm(): Promise<void> {
  if (!formOpen.value || sending.value || missing().length) return;
  sending.value = true;
  const body = { request_id: requestId.value, call_id: state.callId, fields: fieldsOf(values.value) };
  const path = replaces.value ? `/freezes/${replaces.value.id}/amend` : "/freezes";
  const sent = await state.attempt(async () => state.takeFreeze((await api<{ freeze: Freeze }>("POST", path, body)).freeze));
  sending.value = false;
  if (sent) formOpen.value = false;
}

function missing(): FieldName[] {
  return REQUIRED.filter((name) => !values.value[name].trim() || (name === "amount" && !fenOf(values.value.amount)));
}

function valuesOf(fields: FreezeFields): Values {
  const { amount_fen, transfer_time, scam_type: _, ...texts } = fields;
  return { ...texts, amount: plainYuan(amount_fen), transfer_time: localMinute(transfer_time) };
}

function fieldsOf(form: Values): Partial<FreezeFields> {
  const { amount, transfer_time, ...texts } = form;
  return {
    ...texts,
    amount_fen: fenOf(amount) ?? 0,
    transfer_time: transfer_time ? new Date(transfer_time).toISOString() : "",
    scam_type: state.call.value?.label ?? "",
  };
}

export function FreezePanel() {
  return (
    <section class="panel freeze" aria-labelledby="freeze-title">
      <h2 id="freeze-title">
        {t("freeze")}
        {formOpen.value && (
          <button class="quiet" onClick={closeForm}>
            {t("freeze_collapse")} <Key>Esc</Key>
          </button>
        )}
      </h2>
      <div class="freeze-body" tabIndex={0}>
        {state.freezes.value.map((freeze) => (
          <Request key={freeze.id} freeze={freeze} />
        ))}
        {formOpen.value ? <Form /> : <Summary />}
      </div>
    </section>
  );
}

function Summary() {
  if (!may("send_freeze")) return null;
  const types = new Set(state.entities.value.map((entity) => entity.type));
  return (
    <div class="freeze-summary">
      <ul class="needed">
        {REQUIRED.map((name) => {
          const heard = HEARD_AS[name]?.some((type) => types.has(type));
          return (
            <li key={name} class={heard ? "good" : "muted"}>
              <Icon name={heard ? "check" : "clock"} /> {tCode("field_", name)}
              <small>{t(heard ? "field_heard" : "field_not_heard")}</small>
            </li>
          );
        })}
      </ul>
      <button class={state.freezes.value.length ? "" : "primary"} onClick={() => void openForm()} data-testid="open-freeze">
        <Icon name="lock" /> {t(state.freezes.value.length ? "freeze_another" : "freeze_open")} <Key>F</Key>
      </button>
    </div>
  );
}

function Form() {
  useEffect(() => document.getElementById("freeze-payee_account")?.focus(), []);
  const lacking = missing();
  return (
    <form class="freeze-form" data-testid="freeze-form" onSubmit={(event) => (event.preventDefault(), void submitForm())}>
      {replaces.value && <p class="notice warn">{t(replaces.value.status === "sent_back" ? "freeze_amending_back" : "freeze_amending")}</p>}
      <Field name="payee_account" />
      <Field name="payee_name" />
      <Field name="amount" />
      <Field name="transfer_time" type="datetime-local" />
      <Field name="payee_bank" />
      <details>
        <summary>{t("freeze_more")}</summary>
        {MORE.map((name) => (
          <Field key={name} name={name} />
        ))}
        <label class="field">
          <span>{tCode("field_", "summary")}</span>
          <textarea maxLength={200} rows={2} value={values.value.summary} onInput={(event) => set("summary", event.currentTarget.value)} />
        </label>
      </details>
      <p class="hint">{t("freeze_hint")}</p>
      <div class="send">
        <button class="danger" type="submit" disabled={sending.value || lacking.length > 0} data-testid="send-freeze">
          {sending.value ? t("freeze_sending") : t("freeze_send")} <Key>Ctrl+Enter</Key>
        </button>
        {lacking.length > 0 && <small>{t("freeze_lacking", { fields: lacking.map((name) => tCode("field_", name)).join("、") })}</small>}
      </div>
    </form>
  );
}

function set(name: FieldName, value: string): void {
  values.value = { ...values.value, [name]: value };
  touched.value = new Set([...touched.value, name]);
}

function Field({ name, type = "text" }: { name: FieldName; type?: "text" | "datetime-local" }) {
  const value = values.value[name];
  const cell = draft.value[name === "amount" ? "amount_fen" : (name as keyof FreezeFields)];
  const id = `freeze-${name}`;
  return (
    <div class="field">
      <label for={id}>
        {tCode("field_", name)}
        {REQUIRED.includes(name) && <i aria-hidden="true">*</i>}
      </label>
      <input
        id={id}
        type={type as "text"}
        value={value}
        required={REQUIRED.includes(name)}
        autocomplete="off"
        inputMode={name === "amount" ? "decimal" : undefined}
        onInput={(event) => set(name, event.currentTarget.value)}
        data-testid={id}
      />
      <Readback name={name} value={value} />
      {cell && !touched.value.has(name) && cell.start_s !== null && (
        <button type="button" class="quiet source" onClick={() => state.pointAt(cell.segment_id)} title={t("go_to_line")}>
          {t(cell.confirmed ? "field_source_confirmed" : "field_source", { at: clock(cell.start_s) })} <Icon name="jump" />
        </button>
      )}
      {touched.value.has(name) && <span class="source muted">{t("field_by_hand")}</span>}
    </div>
  );
}

function Readback({ name, value }: { name: FieldName; value: string }) {
  const digits = value.replace(/\s/g, "");
  if (name === "amount" && fenOf(value)) return <output class="readback">{amountInWords(fenOf(value)!)}</output>;
  if (name !== "payee_account" || !digits) return null;
  const doubtful = CARD_LENGTH.test(digits) && !passesLuhn(digits);
  return (
    <output class="readback">
      <b>{inFours(digits)}</b> {t("digit_count", { count: digits.length })}
      {doubtful && <span class="tag warn" data-testid="luhn-warning">{t("warning_luhn")}</span>}
    </output>
  );
}

function Request({ freeze }: { freeze: Freeze }) {
  const good = freeze.status === "stopped" || freeze.status === "partly_moved";
  const waiting = ["confirmed", "sent", "police_review"].includes(freeze.status);
  return (
    <article class={`request ${good ? "good" : waiting ? "waiting" : "bad"}`} data-testid="freeze-request" data-status={freeze.status}>
      <h3>
        <Icon name={good ? "check" : waiting ? "clock" : "warning"} /> {tCode("freeze_status_", freeze.status)}
        <small>{timeOfDay(freeze.updated_at ?? freeze.created_at)}</small>
      </h3>
      <p>
        {freeze.fields.payee_name} · {inFours(freeze.fields.payee_account)} · {yuan(freeze.fields.amount_fen)} {t("yuan")}
      </p>
      {freeze.receipt && (
        <p data-testid="receipt">
          {t("freeze_receipt")} <b>{freeze.receipt}</b>
        </p>
      )}
      {freeze.message && <p>{freeze.message}</p>}
      {freeze.status === "partly_moved" && (
        <p>
          {t("freeze_stopped_amount")} {yuan(freeze.stopped_amount_fen)} {t("yuan")}
          {freeze.onward_account && ` · ${t("freeze_onward")} ${inFours(freeze.onward_account)}`}
        </p>
      )}
      {freeze.hold_expires_at && <Hold until={freeze.hold_expires_at} />}
      {(freeze.status === "mismatch" || freeze.status === "sent_back") && may("send_freeze") && (
        <button onClick={() => void openForm(freeze)} data-testid="amend-freeze">
          <Icon name="pen" /> {t("freeze_amend")}
        </button>
      )}
      {freeze.status === "failed" && may("send_freeze") && (
        <button onClick={() => void state.attempt(async () => state.takeFreeze((await api<{ freeze: Freeze }>("POST", `/freezes/${freeze.id}/retry`, {})).freeze))}>
          {t("freeze_retry")}
        </button>
      )}
    </article>
  );
}

function Hold({ until }: { until: string }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Date.parse(until) / 1000 - now.value / 1000 - serverAheadS;
  return (
    <p class="hold">
      <Icon name="clock" /> {t("freeze_hold")} <b>{clock(left)}</b>
    </p>
  );
}
