/** Which pieces of a line are evidence or entities. Found by text: digits are written differently from what was heard. */

import type { Entity, Prediction, Segment } from "../types";

export type Kind = "evidence" | "entity";
export interface Mark {
  text: string;
  kind: Kind;
}
export interface Piece {
  text: string;
  kinds: Kind[];
}

/** Return what to mark in each line, by segment id. */
export function marksOf(segments: Segment[], entities: Entity[], prediction: Prediction | null): Map<string, Mark[]> {
  const marks = new Map<string, Mark[]>(segments.map((segment) => [segment.id, []]));
  for (const span of prediction?.evidence ?? []) marks.get(span.segment_id)?.push({ text: span.text, kind: "evidence" });
  for (const entity of entities) {
    const line = marks.get(entity.segment_id ?? "");
    for (const text of [String(entity.value), entity.text]) if (text) line?.push({ text, kind: "entity" });
  }
  return marks;
}

/** Cut a line into pieces that carry the same marks. */
export function pieces(line: string, marks: Mark[]): Piece[] {
  const kinds = Array.from({ length: line.length }, () => new Set<Kind>());
  for (const mark of marks) {
    const start = line.indexOf(mark.text);
    if (start < 0) continue;
    for (let place = start; place < start + mark.text.length; place++) kinds[place]!.add(mark.kind);
  }
  const result: Piece[] = [];
  kinds.forEach((set, place) => {
    const last = result.at(-1);
    const here = [...set].sort();
    if (last && last.kinds.join() === here.join()) last.text += line[place]!;
    else result.push({ text: line[place]!, kinds: here });
  });
  return result;
}

/** Put marks for the eye into pieces; what was recognised stays whole, so that finding text in it goes on to work. */
export function withStops(all: Piece[], stops: [number, string][]): Piece[] {
  const at = new Map(stops);
  let place = 0;
  return all.map((piece) => {
    let text = "";
    for (const character of piece.text) {
      place += character.length;
      text += character + (at.get(place) ?? "");
    }
    return { ...piece, text };
  });
}
