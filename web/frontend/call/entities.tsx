/** The facts heard, each with the second at which it was said. */

import { t, tCode } from "../boot";
import { clock, inFours } from "../format";
import { Icon } from "../icons";
import type { Entity } from "../types";
import * as state from "./state";

const GROUPED = new Set(["bank_card", "alipay", "id_number"]);
const ORDER = ["bank_card", "amount", "person", "bank", "time", "phone", "alipay", "app", "url", "wechat", "id_number"];

export function Entities() {
  const found = [...state.entities.value].sort((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type));
  return (
    <section class="panel entities" aria-labelledby="entities-title">
      <h2 id="entities-title">
        {t("entities")} <span class="count">{found.length}</span>
        <RevealButton />
      </h2>
      {found.length === 0 ? (
        <p class="empty">{t("entities_none")}</p>
      ) : (
        <ul tabIndex={0} aria-labelledby="entities-title">
          {found.map((entity) => (
            <Row key={`${entity.type}${entity.value}${entity.segment_id}`} entity={entity} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Row({ entity }: { entity: Entity }) {
  return (
    <li data-entity={entity.type}>
      <button onClick={() => state.pointAt(entity.segment_id)} title={t("go_to_line")}>
        <span class="type">{tCode("entity_", entity.type)}</span>
        <span class="value" title={heardAt(entity)}>
          {shown(entity)}
        </span>
        {entity.confirmed && (
          <span class="tag good" title={t("confirmed_hint")}>
            {t("confirmed")}
          </span>
        )}
        {entity.warnings.map((code) => (
          <span class="tag warn" key={code}>
            {tCode("warning_", code)}
          </span>
        ))}
        {entity.start_s !== null && (
          <time>
            {clock(entity.start_s)} <Icon name="jump" />
          </time>
        )}
      </button>
    </li>
  );
}

function RevealButton() {
  if (state.revealed.value)
    return (
      <span class="tag" title={t("revealed_hint")}>
        {t("revealed")}
      </span>
    );
  return (
    <button class="quiet" onClick={() => void state.reveal("operator_view")} title={t("reveal_hint")} data-testid="reveal">
      <Icon name="lock" /> {t("reveal")}
    </button>
  );
}

/** Say when each group of four digits was said: numbers come in pieces. */
function heardAt(entity: Entity): string | undefined {
  if (!entity.digits_s.length) return undefined;
  const digits = String(entity.value);
  const starts = entity.digits_s.map((_, place) => place).filter((place) => place % 4 === 0);
  return starts.map((place) => `${digits.slice(place, place + 4)} ${clock(entity.digits_s[place]!)}`).join(" · ");
}

function shown(entity: Entity): string {
  const value = String(entity.value);
  if (entity.type === "amount") return `${Number(value).toLocaleString("zh-CN")} ${t("yuan")}`;
  if (entity.type === "phone" && value.length === 11) return `${value.slice(0, 3)} ${value.slice(3, 7)} ${value.slice(7)}`;
  return GROUPED.has(entity.type) ? inFours(value) : value;
}
