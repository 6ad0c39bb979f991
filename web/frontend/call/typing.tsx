/** Lines typed by hand: what was said where recognition is off or wrong. */

import { useSignal } from "@preact/signals";
import { t, tCode } from "../boot";
import { Key } from "../common";
import type { Channel } from "../types";
import * as state from "./state";

export const TYPE_FIELD = "type-line";

export function TypeLine() {
  const text = useSignal("");
  const channel = useSignal<Channel>("caller");
  const sending = useSignal(false);

  async function send(event: Event): Promise<void> {
    event.preventDefault();
    const line = text.value.trim();
    if (!line || sending.value) return;
    sending.value = true;
    if (await state.command("segments", { channel: channel.value, text: line })) text.value = "";
    sending.value = false;
  }

  function switchSpeaker(): void {
    channel.value = channel.value === "caller" ? "operator" : "caller";
  }

  return (
    <form class="type-line" onSubmit={send}>
      <button type="button" class={`speaker ${channel.value}`} onClick={switchSpeaker} title={t("type_switch")} aria-label={t("type_speaker", { who: tCode("channel_", channel.value) })}>
        {tCode("channel_", channel.value)} ⇄
      </button>
      <input
        id={TYPE_FIELD}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
        placeholder={t("type_placeholder")}
        aria-label={t("type_placeholder")}
        maxLength={2000}
        autocomplete="off"
      />
      <Key>T</Key>
      <button type="submit" disabled={sending.value || !text.value.trim()}>
        {t("type_send")}
      </button>
    </form>
  );
}
