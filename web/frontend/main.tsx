/** Entry: the page that the server asked for. */

import { render } from "preact";
import { ArchivePage } from "./archive/page";
import { openArchive } from "./archive/state";
import { CallPage } from "./call/page";
import { openCall, isLive } from "./call/state";
import { CallsPage } from "./calls/page";
import { openCalls } from "./calls/state";
import { watchActivity } from "./session";
import "./styles/base.css";
import "./styles/calls.css";
import "./styles/call.css";
import "./styles/archive.css";
import "./styles/integrations.css";

const root = document.getElementById("app");
if (root) {
  root.textContent = "";
  switch (root.dataset.page) {
    case "call":
      render(<CallPage />, root);
      void openCall();
      watchActivity(() => isLive.value);
      break;
    case "archive":
      render(<ArchivePage />, root);
      void openArchive();
      watchActivity(() => false);
      break;
    default:
      render(<CallsPage />, root);
      void openCalls();
      watchActivity(() => false);
  }
}
