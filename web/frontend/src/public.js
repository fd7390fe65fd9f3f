// Pages for customers, sign-in and errors: small, without htmx.
import "./elements/photo-input.js";
import "./elements/signature-field.js";
import "./elements/sla-timer.js";
import { startDialogs } from "./lib/dialogs.js";
import { startForms } from "./lib/forms.js";
import { startToasts } from "./lib/toasts.js";
import { startConditions } from "./lib/visibility.js";

startDialogs();
startToasts();
startConditions();
startForms();
