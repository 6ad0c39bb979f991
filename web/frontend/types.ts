/** The JSON that `hotline.views` makes. */

export type Channel = "operator" | "caller";
export type Risk = "紧急" | "高" | "中" | "低";

export interface Facts {
  money_gone: boolean | null;
  being_coached: boolean | null;
}

export interface Call {
  id: string;
  source: string;
  state: "live" | "ended" | "interrupted";
  operator_id: string | null;
  operator_name: string;
  caller_number: string;
  layout: "" | "two_channel" | "single_speaker";
  engine: string;
  label: string | null;
  label_name: string;
  label_probability: number;
  label_source: "" | "model" | "operator";
  risk: Risk | null;
  facts: Facts;
  disposition: string | null;
  at_risk_fen: number;
  note: string;
  duration_s: number;
  started_at: string;
  ended_at: string | null;
}

/** A call that a search found, with up to three segments that hold the text. */
export interface FoundCall extends Call {
  hits: Segment[];
}

export interface Segment {
  id: string;
  channel: Channel;
  text: string;
  normalised: string;
  start_s: number;
  end_s: number;
  confidence: number;
  engine: string;
  /** Marks for the eye: characters of `normalised` before it, and the mark. Older segments have none. */
  stops?: [number, string][];
}

export interface Entity {
  type: string;
  value: string | number;
  text: string;
  speaker: string;
  segment_id: string | null;
  start_s: number | null;
  end_s: number | null;
  /** Second of each digit of a long number. */
  digits_s: number[];
  warnings: string[];
  confirmed: boolean;
}

export interface Evidence {
  text: string;
  weight: number;
  segment_id: string;
}

export interface Prediction {
  label: string;
  name: string;
  probability: number;
  unsure: boolean;
  alternatives: { label: string; name: string; probability: number }[];
  evidence: Evidence[];
  stage: string | null;
  money_gone: number | null;
  coached: number | null;
  risk: Risk;
  reasons: string[];
  shown: { label: string | null; name: string; probability: number; source: "" | "model" | "operator"; risk: Risk | null };
}

export type FreezeStatus =
  | "draft"
  | "confirmed"
  | "police_review"
  | "sent_back"
  | "sent"
  | "stopped"
  | "mismatch"
  | "partly_moved"
  | "already_out"
  | "rejected"
  | "failed";

export interface FreezeFields {
  payee_name: string;
  payee_account: string;
  payee_bank: string;
  amount_fen: number;
  transfer_time: string;
  payer_name: string;
  payer_account: string;
  payer_bank: string;
  channel: string;
  reference: string;
  scam_type: string;
  summary: string;
}

export interface Freeze {
  id: string;
  call_id: string | null;
  status: FreezeStatus;
  fields: FreezeFields;
  receipt: string;
  message: string;
  stopped_amount_fen: number;
  onward_account: string;
  stopped_at: string | null;
  hold_expires_at: string | null;
  attempts: number;
  created_at: string;
  updated_at: string | null;
}

/** A prefilled value and where it was heard. */
export interface DraftCell {
  value: string | number;
  start_s: number | null;
  segment_id: string | null;
  text: string;
  warnings: string[];
  confirmed: boolean;
}
export type Draft = Partial<Record<keyof FreezeFields, DraftCell>>;

export interface ScriptCard {
  id: string;
  title: string;
  kind: string;
  lines: string[];
  tip: string;
}

export interface RecognizerState {
  state: "ok" | "restarting" | "unavailable" | "refused" | "off";
  engine: string;
  model: string;
  reason: string;
}
export interface ClassifierState {
  state: "ok" | "unavailable";
  version: string;
  reason: string;
}
export interface Gap {
  channel: Channel;
  start_s: number;
  end_s: number;
}
export interface Note {
  text: string;
  at: string;
}
export interface Alert {
  level: Risk;
  label: string | null;
  reasons: string[];
}

/** The operator's account of a finished call; money in fen. */
export interface WrapUp {
  by: string;
  at: string;
  disposition: string;
  side_codes: string[];
  persons: number;
  at_risk_fen: number;
  prevented_fen: number;
  stopped_fen: number;
  returned_fen: number;
  note: string;
  summary: string;
}

export interface Snapshot {
  call: Call;
  segments: Segment[];
  entities: Entity[];
  prediction: Prediction | null;
  alerts: Alert[];
  gaps: Gap[];
  notes: Note[];
  recognizer: RecognizerState | null;
  classifier: ClassifierState | null;
  wrap_up: WrapUp | null;
  freezes: Freeze[];
  last_seq: number;
  revealed: boolean;
}

export interface CallEvent {
  call_id: string;
  seq: number;
  type: string;
  at: string;
  data: any;
}

export interface ScamType {
  code: string;
  name: string;
  name_en: string;
  definition: string;
}

export interface Boot {
  language: "zh" | "en";
  csrf_token: string;
  style_nonce: string;
  user: { id: string; name: string; role: string };
  permissions: string[];
  demo: boolean;
  idle_limit_s: number;
  login_url: string;
  scam_types: ScamType[];
  recognizer: RecognizerState;
  classifier: ClassifierState;
  call_id?: string;
  /** Display names by id, on pages that filter by operator. */
  operators?: Record<string, string>;
  dispositions?: string[];
}
