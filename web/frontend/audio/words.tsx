/** A spoken line whose words can be clicked to be heard, and which follows the playback. */

import { useComputed } from "@preact/signals";
import type { Player } from "./player";

/** `[text, start_s, end_s]` */
export type TimedWord = [string, number, number];

export interface Spoken {
  text: string;
  start_s: number;
  end_s: number;
  words: TimedWord[];
}

export function Words({ spoken, player }: { spoken: Spoken; player: Player }) {
  const current = useComputed(() => wordAt(spoken, player.timeS.value));
  if (!spoken.words.length) return <span onClick={() => player.play(spoken.start_s)}>{spoken.text}</span>;
  return (
    <span
      class="words"
      onClick={(event) => {
        const at = (event.target as HTMLElement).dataset.at;
        if (at) player.play(Number(at));
      }}
    >
      {spoken.words.map(([text, start_s], place) => (
        <span key={place} data-at={start_s} class={place === current.value ? "now" : undefined}>
          {text}
        </span>
      ))}
    </span>
  );
}

/** Return the place of the word that is heard at a second, or -1. */
export function wordAt(spoken: Spoken, seconds: number): number {
  if (seconds < spoken.start_s || seconds > spoken.end_s) return -1;
  return spoken.words.findLastIndex(([, start_s]) => start_s <= seconds);
}
