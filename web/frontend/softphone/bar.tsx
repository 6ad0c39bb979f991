/** The microphones on the call page: one line a side, with device, level and what is wrong. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { t, tCode } from "../boot";
import { ErrorBox } from "../common";
import { Icon } from "../icons";
import type { Call, Channel } from "../types";
import { TROUBLE } from "./microphone";
import * as state from "./state";

const SIDES: Channel[] = ["operator", "caller"];
const PROCESSING = ["echoCancellation", "noiseSuppression", "autoGainControl"] as const;

export function Softphone({ call }: { call: Call }) {
  const shown = useSignal(call.source === "browser");
  useEffect(state.watchInputs, []);
  useEffect(() => {
    if (call.state !== "live") SIDES.forEach((side) => state.stop(side));
  }, [call.state]);
  if (call.state !== "live") return null;
  if (!shown.value)
    return (
      <button class="quiet softphone-open" onClick={() => (shown.value = true)} data-testid="softphone-open">
        <Icon name="speech" /> {t("mic_open")}
      </button>
    );
  return (
    <section class="panel softphone" aria-label={t("mic_title")} data-testid="softphone">
      {SIDES.map((side) => (
        <Side key={side} side={side} callId={call.id} />
      ))}
    </section>
  );
}

function Side({ side, callId }: { side: Channel; callId: string }) {
  const sender = state.senders[side].value;
  const choice = state.choices[side].value;
  const on = sender.phase === "on";
  const label = tCode("mic_side_", side);
  return (
    <div class="mic" data-testid={`mic-${side}`} data-phase={sender.phase} data-line={sender.line ?? ""}>
      <strong>{label}</strong>
      <label class="mic-device">
        <span class="visually-hidden">{t("mic_device", { who: label })}</span>
        <select value={choice.deviceId} onChange={(event) => state.choose(side, { deviceId: event.currentTarget.value })}>
          <option value="">{t("mic_default")}</option>
          {state.inputs.value
            .filter((input) => input.deviceId && input.deviceId !== "default")
            .map((input, place) => (
              <option key={input.deviceId} value={input.deviceId}>
                {input.label || t("mic_unnamed", { number: place + 1 })}
              </option>
            ))}
        </select>
      </label>
      <meter min={0} max={0.5} low={0.005} optimum={0.2} high={0.45} value={sender.level} aria-label={t("mic_level", { who: label })} data-testid={`level-${side}`} />
      <MicButtons side={side} callId={callId} />
      <details>
        <summary>{t("mic_settings")}</summary>
        {PROCESSING.map((name) => (
          <label key={name} class="inline-check">
            <input type="checkbox" checked={choice[name]} onChange={(event) => state.choose(side, { [name]: event.currentTarget.checked })} />
            {t(`mic_${name}`)}
          </label>
        ))}
      </details>
      <span class={`mic-state ${sender.phase === "trouble" || sender.line === "broken" ? "bad" : ""}`} role="status">
        {stateText(sender)}
      </span>
      {on && sender.lostS >= 0.1 && <span class="tag warn">{t("mic_lost", { seconds: sender.lostS.toFixed(1) })}</span>}
      {sender.error && <ErrorBox error={sender.error} />}
    </div>
  );
}

function MicButtons({ side, callId }: { side: Channel; callId: string }) {
  const { phase, muted } = state.senders[side].value;
  if (phase === "off" || phase === "trouble")
    return (
      <>
        <button class={side === "operator" ? "primary" : ""} onClick={() => void state.start(side, callId)} data-testid={`mic-start-${side}`}>
          <Icon name="speech" /> {t(phase === "trouble" ? "mic_retry" : "mic_start")}
        </button>
        {phase === "trouble" && <button onClick={() => state.stop(side)}>{t("mic_stop")}</button>}
      </>
    );
  return (
    <>
      <button aria-pressed={muted} disabled={phase === "asking"} onClick={() => state.toggleMute(side)} data-testid={`mic-mute-${side}`}>
        {t("mic_mute")}
      </button>
      <button disabled={phase === "asking"} onClick={() => state.stop(side)} title={t("mic_stop_hint")} data-testid={`mic-stop-${side}`}>
        {t("mic_stop")}
      </button>
    </>
  );
}

function stateText(sender: state.Sender): string {
  if (sender.trouble) return t(TROUBLE[sender.trouble]);
  if (sender.phase === "asking") return t("mic_asking");
  if (sender.phase === "on") {
    if (sender.line === "broken") return t("mic_broken");
    if (sender.line !== "open") return t("mic_connecting");
    return sender.muted ? t("mic_muted") : t("mic_on", { device: sender.label });
  }
  return sender.line === "ended" ? t("mic_ended") : t("mic_off");
}
