/** What the server put into the page, and the messages of the chosen language. */

import en from "../i18n/en.json";
import zh from "../i18n/zh.json";
import type { Boot } from "./types";

export const boot: Boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}");

export type MessageKey = keyof typeof zh;
const messages: Record<MessageKey, string> = boot.language === "en" ? en : zh;

/** Return a message with its `{name}` places filled. */
export function t(key: MessageKey, values: Record<string, string | number> = {}): string {
  return messages[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** Return the message of a code such as `status_` + `sent`; the code itself where there is none. */
export function tCode(prefix: string, code: string): string {
  return messages[(prefix + code) as MessageKey] ?? code;
}

/** Return the name of a scam type in the chosen language. */
export function scamName(code: string | null): string {
  const found = boot.scam_types.find((type) => type.code === code);
  return found ? (boot.language === "en" ? found.name_en : found.name) : "";
}

/** Say whether the user has a permission. */
export function may(permission: string): boolean {
  return boot.permissions.includes(permission);
}
