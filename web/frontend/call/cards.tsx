/** What to say now: one script card at a time. */

import { computed, effect, signal } from "@preact/signals";
import { api } from "../api";
import { t, tCode } from "../boot";
import { Key } from "../common";
import { Icon } from "../icons";
import type { ScriptCard } from "../types";
import * as state from "./state";

const cards = signal<ScriptCard[]>([]);
const dismissed = signal<ReadonlySet<string>>(new Set());
const chosenId = signal("");
const visible = computed(() => cards.value.filter((card) => !dismissed.value.has(card.id)));
const place = computed(() => Math.max(visible.value.findIndex((card) => card.id === chosenId.value), 0));

/** What the cards depend on, as a query. */
const query = computed(() => {
  const call = state.call.value;
  if (!call) return "";
  const asked = new URLSearchParams({
    label: call.label ?? "",
    stage: state.prediction.value?.stage ?? "",
    money_gone: String(call.facts.money_gone ?? ""),
    being_coached: String(call.facts.being_coached ?? ""),
  });
  return asked.toString();
});

effect(() => {
  const asked = query.value;
  if (!asked) return;
  void state.attempt(async () => {
    const found = (await api<{ cards: ScriptCard[] }>("GET", `/scripts?${asked}`)).cards;
    if (asked !== query.value) return;
    const before = cards.value.map((card) => card.id).join();
    cards.value = found;
    // A changed deck starts from its first card: that is what should be said now.
    if (before !== found.map((card) => card.id).join()) chosenId.value = "";
  });
});

/** Show the next (1) or previous (-1) card. */
export function turn(step: 1 | -1): void {
  const next = visible.value[place.value + step];
  if (next) chosenId.value = next.id;
}

/** Put the card away for this call. */
export function dismiss(): void {
  const card = visible.value[place.value];
  if (!card) return;
  const follower = visible.value[place.value + 1] ?? visible.value[place.value - 1];
  dismissed.value = new Set([...dismissed.value, card.id]);
  chosenId.value = follower?.id ?? "";
}

export function Cards() {
  const card = visible.value[place.value];
  return (
    <section class="panel cards" aria-labelledby="cards-title">
      <h2 id="cards-title">
        {t("scripts")}
        <span class="pager">
          <button onClick={() => turn(-1)} disabled={place.value === 0} aria-label={t("card_previous")}>
            <Icon name="left" />
            <Key>K</Key>
          </button>
          <span data-testid="card-place">
            {visible.value.length ? place.value + 1 : 0} / {visible.value.length}
          </span>
          <button onClick={() => turn(1)} disabled={place.value + 1 >= visible.value.length} aria-label={t("card_next")}>
            <Icon name="right" />
            <Key>J</Key>
          </button>
          <button onClick={dismiss} disabled={!card} aria-label={t("card_dismiss")}>
            <Icon name="close" />
            <Key>X</Key>
          </button>
        </span>
      </h2>
      {card ? <CardText card={card} /> : <p class="empty">{t("cards_none")}</p>}
      {dismissed.value.size > 0 && (
        <button class="quiet restore" onClick={() => (dismissed.value = new Set())}>
          {t("cards_restore", { count: dismissed.value.size })}
        </button>
      )}
    </section>
  );
}

function CardText({ card }: { card: ScriptCard }) {
  return (
    <article class={`card-text kind-${card.kind}`} data-card={card.id} data-testid="script-card" tabIndex={0}>
      <h3>
        <span class="tag">{tCode("card_kind_", card.kind)}</span> {card.title}
      </h3>
      <ul>
        {card.lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {card.tip && <p class="tip">{card.tip}</p>}
    </article>
  );
}
