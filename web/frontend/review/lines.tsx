/** The transcript of the review page: follows the recording, words can be clicked, lines corrected. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Words } from "../audio/words";
import { t, tCode } from "../boot";
import { Key } from "../common";
import { clock } from "../format";
import { Icon } from "../icons";
import type { Channel } from "../types";
import * as state from "./state";

export function Lines() {
  const list = useRef<HTMLDivElement>(null);
  const shownId = state.player.playing.value ? state.playingId.value : state.selectedId.value;
  useEffect(() => {
    if (shownId) list.current?.querySelector(`[data-segment="${shownId}"]`)?.scrollIntoView({ block: "nearest" });
  }, [shownId]);
  return (
    <section class="panel review-lines" aria-labelledby="lines-title">
      <h2 id="lines-title">
        {t("review_lines")}
        <small class="muted">
          {t("review_hint")} · <Key>J</Key> <Key>K</Key> {t("key_move")} · <Key>Enter</Key> {t("player_play")} · <Key>E</Key> {t("correct_label")}
        </small>
      </h2>
      <div class="lines" ref={list} tabIndex={0}>
        {state.review.value!.segments.length === 0 && <p class="empty">{t("transcript_none")}</p>}
        {state.review.value!.segments.map((segment) =>
          segment.id === state.editingId.value ? <Editor key={segment.id} segment={segment} /> : <Line key={segment.id} segment={segment} />,
        )}
      </div>
    </section>
  );
}

function Line({ segment }: { segment: state.ReviewSegment }) {
  const { names } = state.review.value!;
  const selected = state.selectedId.value === segment.id;
  const heardNow = state.playingId.value === segment.id;
  return (
    <article
      class={`line ${segment.channel} ${selected ? "selected" : ""} ${heardNow ? "heard-now" : ""}`}
      data-segment={segment.id}
      onClick={() => (state.selectedId.value = segment.id)}
    >
      <span class="speaker">{tCode("channel_", segment.channel)}</span>
      <time>{clock(segment.start_s)}</time>
      <button class="icon-button edit" onClick={() => void state.edit(segment.id)} aria-label={`${t("review_edit")} ${clock(segment.start_s)}`} tabIndex={selected ? 0 : -1}>
        <Icon name="pen" />
      </button>
      <p>
        <Words spoken={segment} player={state.player} />
        {segment.corrected && (
          <span class="tag good" title={names[segment.corrected.by] ?? ""}>
            {t("review_corrected")}
          </span>
        )}
        {segment.confidence < 0.5 && !segment.corrected && <span class="tag warn">{t("low_confidence")}</span>}
      </p>
      {segment.heard && <small class="heard">{t("review_heard", { who: tCode("channel_", segment.heard.channel), text: segment.heard.text })}</small>}
      {segment.normalised !== segment.text && <small class="heard">{segment.normalised}</small>}
    </article>
  );
}

function Editor({ segment }: { segment: state.ReviewSegment }) {
  const text = useSignal(segment.text);
  const channel = useSignal<Channel>(segment.channel);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);

  function save(event: Event): void {
    event.preventDefault();
    if (text.value.trim()) void state.correct(segment.id, text.value, channel.value);
  }

  return (
    <form class={`line editor ${channel.value}`} data-segment={segment.id} onSubmit={save} data-testid="line-editor">
      <fieldset>
        <legend>{t("review_speaker")}</legend>
        {(["operator", "caller"] as Channel[]).map((side) => (
          <label key={side}>
            <input type="radio" name="speaker" checked={channel.value === side} onChange={() => (channel.value = side)} /> {tCode("channel_", side)}
          </label>
        ))}
        <time>{clock(segment.start_s)}</time>
      </fieldset>
      <label class="text">
        <span>{t("review_text")}</span>
        <textarea
          ref={field}
          rows={2}
          maxLength={2000}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.isComposing) save(event);
          }}
        />
      </label>
      <div class="row">
        <button class="primary" type="submit">
          {t("save")} <Key>Enter</Key>
        </button>
        <button type="button" onClick={() => (state.editingId.value = "")}>
          {t("review_cancel")} <Key>Esc</Key>
        </button>
        <button type="button" onClick={() => state.player.play(segment.start_s, segment.end_s)}>
          <Icon name="play" /> {t("player_play")}
        </button>
      </div>
    </form>
  );
}
