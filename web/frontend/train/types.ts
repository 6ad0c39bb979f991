/** The JSON of the trainer's part of the API. */

import type { Call, Segment } from "../types";

export type Reason = "sent" | "corrected" | "uncertain" | "control" | "second";

export interface QueueRow {
  call_id: string;
  reason: Reason;
  started_at: string;
  duration_s: number;
  operator_name: string;
  model_label: string | null;
  model_version: string;
  probability: number;
  corrected_label: string | null;
  sent_note: string | null;
}

export interface Queue {
  rows: QueueRow[];
  counts: { waiting: number; mine: number; all: number };
}

export interface Mark {
  segment_id: string;
  start: number;
  end: number;
  text: string;
}

export interface Answers {
  label: string | null;
  stage: string | null;
  money_gone: boolean | null;
  coached: boolean | null;
  unsure: boolean;
  new_type: string;
  evidence: Mark[];
}

export interface Proposal extends Answers {
  source: "" | "model" | "operator" | "prelabel";
  probability: number | null;
}

export interface CallToLabel {
  call: Call;
  model_version: string;
  segments: Segment[];
  proposal: Proposal | null;
  mine: Answers | null;
  audio: string[];
}

export interface Job {
  id: string;
  kind: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  progress: number;
  message: string;
  result: Record<string, any>;
  attempts: number;
  asked_at: string;
  ended_at: string | null;
}

export interface Dataset {
  number: number;
  kind: "data" | "test";
  made_at: string;
  made_by: string;
  sha256: string;
  counts: { train?: number; validation?: number; test?: number; labels: Record<string, number>; left_out?: Record<string, number> };
  sound: boolean;
}

export interface ClassScores {
  precision: number;
  recall: number;
  f1: number;
  calls: number;
}
export interface Scores {
  macro_f1: number;
  accuracy: number;
  fraud_precision: number;
  fraud_recall: number;
  per_class: Record<string, ClassScores>;
}
export interface TestResult {
  calls: number;
  models: { new: Scores; current: Scores };
}
export interface Model {
  version: string;
  made_at: string;
  made_by: string;
  dataset: number;
  parent: string;
  checksum: string;
  comparison: { test_set?: number | null; sets?: Record<string, TestResult> };
}
export interface Models {
  models: Model[];
  current: string;
  shipped_version: string;
  promotions: { version: string; at: string; by: string }[];
  jobs: Job[];
  datasets: number[];
  can_train: boolean;
  has_encoder: boolean;
}
