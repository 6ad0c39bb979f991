/** The two-sided transcript: grows live, stays where the operator scrolled to, marks what was heard. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { may, t, tCode } from "../boot";
import { clock } from "../format";
import { Icon } from "../icons";
import type { Channel, Gap, Segment } from "../types";
import { type Mark, marksOf, pieces, withStops } from "./marks";
import { SecondPass } from "./second";
import * as state from "./state";
import { TypeLine } from "./typing";

const NEAR_BOTTOM_PX = 48;
const POINT_MS = 2500;

type Row = { kind: "segment"; at: number; segment: Segment } | { kind: "gap"; at: number; gap: Gap };

export function Transcript() {
  const list = useRef<HTMLDivElement>(null);
  const following = useSignal(true);
  const pointedId = useSignal("");
  const shown = useRef(0);
  const marks = marksOf(state.segments.value, state.entities.value, state.prediction.value);
  const rows = rowsOf(state.segments.value, state.gaps.value);
  const unseen = following.value ? 0 : Math.max(rows.length - shown.current, 0);

  useEffect(() => {
    if (!following.value) return;
    shown.current = rows.length;
    toBottom(list.current);
  });

  useSignalEffect(() => {
    const target = state.pointed.value;
    if (!target) return;
    const line = list.current?.querySelector(`[data-segment="${target.segmentId}"]`);
    if (!line) return;
    following.value = false;
    shown.current = rows.length;
    line.scrollIntoView({ block: "center" });
    pointedId.value = target.segmentId;
    const timer = setTimeout(() => (pointedId.value = ""), POINT_MS);
    return () => clearTimeout(timer);
  });

  function onScroll(): void {
    const box = list.current!;
    const atBottom = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_BOTTOM_PX;
    if (!atBottom && following.value) shown.current = rows.length;
    following.value = atBottom;
  }

  return (
    <section class="panel transcript" aria-labelledby="transcript-title">
      <h2 id="transcript-title">
        {t("transcript")}
        {state.call.value?.layout === "single_speaker" && (
          <span class="tag warn" title={t("layout_single_hint")} data-testid="single-speaker">
            {t("layout_single_speaker")}
          </span>
        )}
        {may("swap_channels") && !state.isLive.value && rows.length > 0 && (
          <button class="quiet" onClick={() => void state.command("swap", {})} title={t("swap_hint")} data-testid="swap">
            <Icon name="swap" /> {t("swap_channels")}
          </button>
        )}
        <span class="legend">
          <i class="who operator" /> {t("channel_operator")} <i class="who caller" /> {t("channel_caller")}
        </span>
      </h2>
      <div class="lines" ref={list} onScroll={onScroll} tabIndex={0} role="log" aria-live="polite" aria-labelledby="transcript-title">
        {rows.length === 0 && !hasPartial() && <p class="empty">{emptyText()}</p>}
        {rows.map((row) =>
          row.kind === "gap" ? (
            <GapLine key={`gap${row.at}${row.gap.channel}`} gap={row.gap} />
          ) : (
            <Line key={row.segment.id} segment={row.segment} marks={marks.get(row.segment.id) ?? []} pointed={row.segment.id === pointedId.value} />
          ),
        )}
        <Partials />
      </div>
      {!following.value && (
        <button class="to-newest" onClick={() => ((following.value = true), toBottom(list.current))} data-testid="to-newest">
          <Icon name="down" /> {unseen ? t("new_lines", { count: unseen }) : t("to_newest")}
        </button>
      )}
      {may("work_calls") && state.isLive.value && <TypeLine />}
      <SecondPass />
    </section>
  );
}

function Line({ segment, marks, pointed }: { segment: Segment; marks: Mark[]; pointed: boolean }) {
  const display = segment.normalised || segment.text;
  const unsure = segment.confidence < 0.5;
  return (
    <article class={`line ${segment.channel} ${pointed ? "pointed" : ""}`} data-segment={segment.id}>
      <span class="speaker">{tCode("channel_", segment.channel)}</span>
      <time>{clock(segment.start_s)}</time>
      <p title={display === segment.text ? undefined : t("heard_as", { text: segment.text })}>
        {withStops(pieces(display, marks), segment.normalised ? (segment.stops ?? []) : []).map((piece) =>
          piece.kinds.length ? (
            <mark class={piece.kinds.join(" ")} title={piece.kinds.map((kind) => tCode("mark_", kind)).join(" · ")}>
              {piece.text}
            </mark>
          ) : (
            piece.text
          ),
        )}
        {segment.engine === "typed" && <span class="tag">{t("typed")}</span>}
        {unsure && <span class="tag warn" title={t("low_confidence_hint")}>{t("low_confidence")}</span>}
      </p>
    </article>
  );
}

function GapLine({ gap }: { gap: Gap }) {
  return (
    <div class="gap">
      <Icon name="warning" />
      {t("audio_gap", { who: tCode("channel_", gap.channel), seconds: (gap.end_s - gap.start_s).toFixed(1), at: clock(gap.start_s) })}
    </div>
  );
}

function Partials() {
  const texts = state.partials.value;
  return (
    <div aria-hidden="true" data-testid="partials">
      {(["operator", "caller"] as Channel[]).map((channel) => {
        const partial = texts[channel];
        return (
          partial && (
            <article class={`line partial ${channel}`} key={channel}>
              <span class="speaker">{tCode("channel_", channel)}</span>
              <time>{clock(partial.start_s)}</time>
              <p>{partial.text}…</p>
            </article>
          )
        );
      })}
    </div>
  );
}

function rowsOf(segments: Segment[], gaps: Gap[]): Row[] {
  const rows: Row[] = [
    ...segments.map((segment): Row => ({ kind: "segment", at: segment.start_s, segment })),
    ...gaps.map((gap): Row => ({ kind: "gap", at: gap.start_s, gap })),
  ];
  return rows.sort((a, b) => a.at - b.at);
}

function hasPartial(): boolean {
  return Object.values(state.partials.value).some(Boolean);
}

function emptyText(): string {
  if (!state.isLive.value) return t("transcript_none");
  return state.recognizer.value.state === "ok" ? t("transcript_waiting") : t("transcript_by_hand");
}

function toBottom(box: HTMLElement | null): void {
  if (box) box.scrollTop = box.scrollHeight;
}
