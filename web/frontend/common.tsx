/** Pieces that both pages use. */

import type { ErrorBody } from "./api";
import { t, tCode } from "./boot";
import { Icon, type IconName } from "./icons";
import type { Risk } from "./types";

const RISK_CODE: Record<Risk, IconName & ("urgent" | "high" | "medium" | "low")> = {
  紧急: "urgent",
  高: "high",
  中: "medium",
  低: "low",
};

/** The risk level in words, sign and colour. */
export function RiskBadge({ risk }: { risk: Risk | null }) {
  if (!risk) return <span class="risk none">{t("risk_none")}</span>;
  const code = RISK_CODE[risk];
  return (
    <span class={`risk ${code}`}>
      <Icon name={code} />
      {tCode("risk_", code)}
    </span>
  );
}

/** An error with what was expected, what was found and what to do. */
export function ErrorBox({ error, onClose }: { error: ErrorBody; onClose?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <strong>{error.message}</strong>
      {error.expected && <span>{t("error_expected") + error.expected}</span>}
      {error.found && <span>{t("error_found") + error.found}</span>}
      {error.remedy && <span>{t("error_remedy") + error.remedy}</span>}
      {onClose && (
        <button class="icon-button" onClick={onClose} aria-label={t("close")}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}

/** A key as it is printed on the keyboard. */
export function Key({ children }: { children: string }) {
  return <kbd aria-hidden="true">{children}</kbd>;
}
