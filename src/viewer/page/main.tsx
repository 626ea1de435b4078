import { render } from "preact";
import { App } from "./app.tsx";
import { connect } from "./state/events.ts";
import { startKeyboard } from "./state/keyboard.ts";
import { offline } from "./state/offline.ts";
import { startRouting } from "./state/route.ts";
import { applyTheme } from "./state/theme.ts";

/* The page of the viewer. Telemetry is untrusted: it is only ever rendered as text. */
applyTheme();
startRouting();
startKeyboard();
const container = document.getElementById("app");
if (container !== null) render(<App />, container);
if (offline === undefined) connect();
