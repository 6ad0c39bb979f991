/** Entry: the page that the server asked for. */

import { render } from "preact";
import { boot } from "./boot";
import { CallPage } from "./call/page";
import { openCall, isLive } from "./call/state";
import { CallsPage } from "./calls/page";
import { openCalls } from "./calls/state";
import { watchActivity } from "./session";
import "./styles/base.css";
import "./styles/calls.css";
import "./styles/call.css";

const root = document.getElementById("app");
if (root) {
  root.textContent = "";
  if (boot.call_id) {
    render(<CallPage />, root);
    void openCall();
    watchActivity(() => isLive.value);
  } else {
    render(<CallsPage />, root);
    void openCalls();
    watchActivity(() => false);
  }
}
