/** The supervisor's board: every live call at a glance, the most urgent on top; Enter reads along. */

import { useEffect } from "preact/hooks";
import { boot, t, tCode } from "../boot";
import { CallTable, Duration, FactsCell, MoneyCell, TypeCell } from "../calls/table";
import { Key, RiskBadge } from "../common";
import { wholeYuan } from "../format";
import { listen } from "../keys";
import { StatusBar } from "../status";
import * as state from "./state";

const COLUMNS = ["col_risk", "col_duration", "col_type", "col_money", "col_freeze", "col_facts", "col_operator", "col_start"] as const;
const GOOD = new Set(["stopped", "partly_moved"]);
const WAITING = new Set(["confirmed", "sent", "police_review"]);

export function BoardPage() {
  useEffect(
    () =>
      listen(() => [
        { code: "KeyJ", run: () => state.move(1) },
        { code: "ArrowDown", run: () => state.move(1) },
        { code: "KeyK", run: () => state.move(-1) },
        { code: "ArrowUp", run: () => state.move(-1) },
        // A link that has the focus leads where it says.
        ...(document.activeElement instanceof HTMLAnchorElement ? [] : [{ code: "Enter", run: () => state.selectedId.value && location.assign(`/calls/${state.selectedId.value}`) }]),
      ]),
    [],
  );
  const calls = state.sorted.value;
  const urgent = calls.filter((call) => call.risk === "紧急" || call.risk === "高").length;
  const money = calls.reduce((sum, call) => sum + call.at_risk_fen, 0);
  return (
    <div class="calls-page wide">
      <h1 class="unseen">{t("board")}</h1>
      <StatusBar recognizer={boot.recognizer} classifier={boot.classifier} />
      <section class="panel" aria-labelledby="board-title" data-testid="board">
        <h2 id="board-title">
          {t("calls_live")} <span class="count">{calls.length}</span>
          <span class="figures">
            {urgent > 0 && <b class="bad">{t("board_urgent", { count: urgent })}</b>}
            {money > 0 && <b>{t("board_money", { yuan: wholeYuan(money) })}</b>}
            <small class="muted">
              {t("board_hint")} · <Key>J</Key> <Key>K</Key> {t("key_move")} · <Key>Enter</Key> {t("board_read")}
            </small>
          </span>
        </h2>
        {calls.length === 0 ? (
          <p class="empty">{state.calls.value ? t("board_none") : t("loading")}</p>
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
    </div>
  );
}

function Row({ call }: { call: state.BoardCall }) {
  const selected = state.selectedId.value === call.id;
  return (
    <tr onClick={() => location.assign(`/calls/${call.id}`)} class={selected ? "selected" : undefined} data-call={call.id} data-testid="board-call">
      <td>
        <RiskBadge risk={call.risk} />
      </td>
      <td>
        <Duration call={call} />
      </td>
      <TypeCell call={call} sure />
      <MoneyCell call={call} />
      <td>
        {call.freeze_status ? (
          <span class={`tag ${GOOD.has(call.freeze_status) ? "good" : WAITING.has(call.freeze_status) ? "warn" : "bad"}`}>{tCode("freeze_status_", call.freeze_status)}</span>
        ) : (
          <span class="muted">—</span>
        )}
      </td>
      <FactsCell call={call} />
      <td>{call.operator_name || <span class="muted">—</span>}</td>
      <td>
        <a href={`/calls/${call.id}`}>
          {new Date(call.started_at).toTimeString().slice(0, 5)} {t("board_read")}
        </a>
      </td>
    </tr>
  );
}
