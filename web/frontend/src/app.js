// The staff pages.
import "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";
import "./elements/chart-view.js";
import "./elements/code-scanner.js";
import "./elements/command-palette.js";
import "./elements/copy-text.js";
import "./elements/form-desk.js";
import "./elements/photo-input.js";
import "./elements/signature-field.js";
import "./elements/sla-timer.js";
import { startDialogs } from "./lib/dialogs.js";
import { startForms, warnUnsaved } from "./lib/forms.js";
import { startLive } from "./lib/live.js";
import { startMenus } from "./lib/menus.js";
import { startRows } from "./lib/rows.js";
import { startTheme } from "./lib/theme.js";
import { startToasts } from "./lib/toasts.js";
import { startConditions } from "./lib/visibility.js";

startTheme();
startDialogs();
startMenus();
startToasts();
startConditions();
startForms();
warnUnsaved();
startLive();
startRows();
