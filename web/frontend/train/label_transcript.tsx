/** The call as it was heard, with the evidence in it; the line with the focus is the one that keys act on. */

import { useEffect, useRef } from "preact/hooks";
import type { Player } from "../audio/player";
import { t, tCode } from "../boot";
import { clock } from "../format";
import type { Segment } from "../types";
import * as state from "./label_state";

interface Piece {
  text: string;
  /** Number of the evidence, or -1. */
  number: number;
}

export function LabelTranscript({ segments, player }: { segments: Segment[]; player: Player }) {
  return (
    <section class="panel transcript label-transcript" aria-label={t("transcript")}>
      {segments.length === 0 && <p class="empty">{t("transcript_none")}</p>}
      <ol class="lines" tabIndex={0} data-testid="label-lines">
        {segments.map((segment, place) => (
          <Line key={segment.id} segment={segment} place={place} player={player} />
        ))}
      </ol>
    </section>
  );
}

function Line({ segment, place, player }: { segment: Segment; place: number; player: Player }) {
  const element = useRef<HTMLLIElement>(null);
  const focused = state.line.value === place;
  const heard = player.timeS.value >= segment.start_s && player.timeS.value < segment.end_s && player.playing.value;
  useEffect(() => {
    if (focused) element.current?.scrollIntoView({ block: "nearest" });
  }, [focused]);
  return (
    <li
      ref={element}
      class={`line ${segment.channel} ${focused ? "focused" : ""} ${heard ? "heard" : ""}`}
      aria-current={focused ? "true" : undefined}
      onClick={() => (state.line.value = place)}
    >
      <span class="speaker">{tCode("channel_", segment.channel)}</span>
      <time>{clock(segment.start_s)}</time>
      <p>
        {pieces(segment).map(({ text, number }) =>
          number < 0 ? (
            text
          ) : (
            <mark
              class={`evidence ${state.marks.value[number]!.accepted ? "accepted" : "proposed"} ${state.chosen.value === number ? "chosen" : ""}`}
              onClick={() => state.choose(number)}
            >
              {text}
            </mark>
          ),
        )}
      </p>
    </li>
  );
}

/** Cut a line where evidence begins and ends; of evidence that overlaps the first one shows. */
function pieces(segment: Segment): Piece[] {
  const here = state.marks.value
    .map((mark, number) => ({ ...mark, number }))
    .filter((mark) => mark.segment_id === segment.id)
    .sort((a, b) => a.start - b.start);
  const found: Piece[] = [];
  let at = 0;
  for (const { start, end, number } of here) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    if (from > at) found.push({ text: segment.text.slice(at, from), number: -1 });
    found.push({ text: segment.text.slice(from, end), number });
    at = end;
  }
  if (at < segment.text.length) found.push({ text: segment.text.slice(at), number: -1 });
  return found;
}
