/** How recognition, the classifier and the connection are doing, in words. */

import { t } from "./boot";
import { Icon } from "./icons";
import { connection } from "./stream";
import type { ClassifierState, RecognizerState } from "./types";

const ENGINES: Record<string, string> = { vosk: "Vosk", whisper: "Whisper" };

export function StatusBar({ recognizer, classifier }: { recognizer: RecognizerState; classifier: ClassifierState }) {
  const heard = recognizer.state === "ok";
  const labelled = classifier.state === "ok";
  return (
    <div class="status" role="status" data-testid="status">
      <span class={heard ? "good" : "bad"} title={recognizer.reason} data-testid="recognizer">
        <Icon name="speech" />
        {heard ? t("recognizer_ok", { engine: ENGINES[recognizer.engine] ?? recognizer.engine }) : t("recognizer_off")}
        <small>{recognizer.reason}</small>
      </span>
      <span class={labelled ? "good" : "bad"} title={classifier.reason}>
        <Icon name="brain" />
        {labelled ? t("classifier_ok") : t("classifier_off")}
        <small>{labelled ? classifier.version : classifier.reason}</small>
      </span>
      <span class={connection.value === "lost" ? "bad" : connection.value === "live" ? "good" : ""} data-testid="connection">
        <Icon name="link" />
        {t(`connection_${connection.value}`)}
      </span>
    </div>
  );
}
