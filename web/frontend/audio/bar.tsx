/** The audio player with its waveform: operator above, caller below. Used wherever a recording is heard. */

import { useEffect, useRef } from "preact/hooks";
import { t, tCode } from "../boot";
import { Key } from "../common";
import { clock } from "../format";
import { Icon } from "../icons";
import type { Shortcut } from "../keys";
import type { Player } from "./player";

const SKIP_S = 3;

export function PlayerBar({ player }: { player: Player }) {
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => player.mount(container.current!), []);
  const ready = player.state.value === "ready";
  return (
    <section class={`panel player ${player.state.value}`} aria-label={t("player")} data-testid="player" data-state={player.state.value}>
      <div class="player-controls">
        <button class="primary" disabled={!ready} onClick={player.toggle} data-testid="player-toggle" aria-pressed={player.playing.value}>
          <Icon name={player.playing.value ? "pause" : "play"} /> {t(player.playing.value ? "player_pause" : "player_play")} <Key>{t("key_space")}</Key>
        </button>
        <button disabled={!ready} onClick={() => player.skip(-SKIP_S)} aria-label={t("player_back", { seconds: SKIP_S })}>
          −{SKIP_S} <Key>←</Key>
        </button>
        <button disabled={!ready} onClick={() => player.skip(SKIP_S)} aria-label={t("player_on", { seconds: SKIP_S })}>
          +{SKIP_S} <Key>→</Key>
        </button>
        <button disabled={!ready} onClick={() => player.turnRate(1)} aria-label={t("player_rate", { rate: player.rate.value })}>
          {player.rate.value}× <Key>{"< >"}</Key>
        </button>
        <Clock player={player} />
        <span class="legend">
          {player.channels.value.map((channel) => (
            <>
              <i class={`who ${channel}`} /> {tCode("channel_", channel)}
            </>
          ))}
        </span>
      </div>
      {player.state.value === "none" ? <p class="empty">{player.reason.value}</p> : <div class="wave" ref={container} />}
    </section>
  );
}

function Clock({ player }: { player: Player }) {
  return (
    <output class="player-clock" data-testid="player-time">
      {clock(player.timeS.value)} / {clock(player.durationS.value)}
    </output>
  );
}

/** The player's keys, for a page's `listen`. */
export function playerShortcuts(player: Player): Shortcut[] {
  return [
    { code: "Space", run: player.toggle },
    { code: "ArrowLeft", run: () => player.skip(-SKIP_S) },
    { code: "ArrowRight", run: () => player.skip(SKIP_S) },
    { code: "Shift+Comma", run: () => player.turnRate(-1) },
    { code: "Shift+Period", run: () => player.turnRate(1) },
  ];
}
