/** Entry: the page that the server asked for. Pages that not everybody opens are fetched when they are. */

import { type ComponentType, render } from "preact";
import { watchActivity } from "./session";
import "./styles/base.css";
import "./styles/calls.css";
import "./styles/call.css";
import "./styles/archive.css";
import "./styles/second.css";
import "./styles/audio.css";
import "./styles/integrations.css";
import "./styles/softphone.css";
import "./styles/uploads.css";
import "./styles/train.css";
import "./styles/supervisor.css";

interface Page {
  View: ComponentType;
  open: () => Promise<void>;
  /** Says that the page itself is in use, as during a live call. */
  busy?: () => boolean;
}

const PAGES: Record<string, () => Promise<Page>> = {
  call: async () => {
    const [{ CallPage }, { openCall, isLive }] = await Promise.all([import("./call/page"), import("./call/state")]);
    return { View: CallPage, open: openCall, busy: () => isLive.value };
  },
  calls: async () => {
    const [{ CallsPage }, { openCalls }] = await Promise.all([import("./calls/page"), import("./calls/state")]);
    return { View: CallsPage, open: openCalls };
  },
  uploads: async () => {
    const [{ UploadsPage }, { openUploads, uploading }] = await Promise.all([import("./uploads/page"), import("./uploads/state")]);
    return { View: UploadsPage, open: openUploads, busy: () => uploading.value };
  },
  archive: async () => {
    const [{ ArchivePage }, { openArchive }] = await Promise.all([import("./archive/page"), import("./archive/state")]);
    return { View: ArchivePage, open: openArchive };
  },
  board: async () => {
    const [{ BoardPage }, { openBoard }] = await Promise.all([import("./board/page"), import("./board/state")]);
    return { View: BoardPage, open: openBoard, busy: () => true };
  },
  review: async () => {
    const [{ ReviewPage }, { openReview, player }] = await Promise.all([import("./review/page"), import("./review/state")]);
    return { View: ReviewPage, open: openReview, busy: () => player.playing.value };
  },
  freezes: async () => {
    const [{ FreezesPage }, { openFreezes }] = await Promise.all([import("./freezes/page"), import("./freezes/state")]);
    return { View: FreezesPage, open: openFreezes };
  },
  reports: async () => {
    const [{ ReportsPage }, { openReports }] = await Promise.all([import("./reports/page"), import("./reports/state")]);
    return { View: ReportsPage, open: openReports };
  },
  train_queue: async () => {
    const { QueuePage, openQueue } = await import("./train/queue");
    return { View: QueuePage, open: openQueue };
  },
  train_label: async () => {
    const [{ LabelPage }, { openLabelling }] = await Promise.all([import("./train/label_page"), import("./train/label_state")]);
    return { View: LabelPage, open: openLabelling };
  },
  train_data: async () => {
    const { DataPage, openData } = await import("./train/data");
    return { View: DataPage, open: openData };
  },
  train_models: async () => {
    const { ModelsPage, openModels } = await import("./train/models");
    return { View: ModelsPage, open: openModels };
  },
};

async function start(root: HTMLElement): Promise<void> {
  const { View, open, busy } = await PAGES[root.dataset.page!]!();
  root.textContent = "";
  render(<View />, root);
  watchActivity(busy ?? (() => false));
  await open();
}

const root = document.getElementById("app");
if (root) void start(root);
