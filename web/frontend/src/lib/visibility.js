// Shows and hides the fields of a form while it is filled in; the server decides again, and without this file it alone does.
//
// Each field stands in an element with its path and kind, conditional ones with their resolved condition:
//   <fieldset data-path="exotic_kind" data-answer="text" data-visible-when='{"field":"species",..}' hidden disabled>..</fieldset>
// Rows of a repeating group carry `data-row`. What is hidden is disabled, so it is not sent.
import { holds } from "./conditions.js";

const NUMBER = /^[+-]?\d{1,15}(\.\d{1,15})?$/;
const BUTTONS = new Set(["button", "submit", "reset"]);

const own = (field, selector) =>
  [...field.querySelectorAll(selector)].filter((element) => element.closest("[data-path]") === field);

const number = (written) => {
  const plain = written.normalize("NFKC");
  return NUMBER.test(plain) ? Number(plain) : written;
};

function written(controls) {
  return controls
    .filter((control) => !control.name.startsWith("_") && !BUTTONS.has(control.type))
    .flatMap((control) => {
      if (control.type === "checkbox" || control.type === "radio") return control.checked ? [control.value] : [];
      if (control.type === "file") return [...control.files].map((file) => file.name);
      return [control.value];
    })
    .map((value) => value.trim())
    .filter((value) => value !== "");
}

/** The answer that the server will read from a field; undefined when there is none. */
export function answerOf(field) {
  const controls = own(field, "input, select, textarea");
  const given = written(controls);
  switch (field.dataset.answer) {
    case "note":
    case "calc":
      return undefined;
    case "group":
      return own(field, "[data-row]").map(() => ({}));
    case "bool":
      if (given.length > 0) return { true: true, on: true, false: false }[given.at(-1)] ?? given.at(-1);
      return controls.some((control) => control.type === "checkbox") ? false : undefined;
    case "multi":
    case "file":
      return given;
    case "number":
    case "rating":
      return given.length > 0 ? number(given[0]) : undefined;
    default:
      return given[0];
  }
}

function show(field, visible) {
  for (const element of [field, ...own(field, "[data-field], fieldset")]) {
    element.hidden = !visible;
    if (element instanceof HTMLFieldSetElement) element.disabled = !visible;
  }
  for (const control of own(field, "input, select, textarea, button")) control.disabled = !visible;
}

/** One pass in document order, as on the server: what is hidden is empty for later fields. */
export function applyConditions(form) {
  const values = {};
  const shown = new Map();
  for (const field of form.querySelectorAll("[data-path]")) {
    const outer = field.parentElement.closest("[data-path]");
    const condition = field.dataset.visibleWhen;
    const visible = shown.get(outer) !== false && (!condition || holds(JSON.parse(condition), values));
    if (condition || shown.get(outer) === false || field.hidden) show(field, visible);
    shown.set(field, visible);
    if (visible) values[field.dataset.path] = answerOf(field);
  }
}

/** Start every form below `root` that has conditions. */
export function startConditions(root = document) {
  for (const form of root.querySelectorAll("form")) {
    if (form.dataset.conditionsStarted !== undefined || !form.querySelector("[data-visible-when]")) continue;
    form.dataset.conditionsStarted = "";
    form.addEventListener("input", () => applyConditions(form));
    form.addEventListener("change", () => applyConditions(form));
    applyConditions(form);
  }
}
