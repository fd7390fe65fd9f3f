// Forms in the browser: shows and hides fields by `data-visible-when`, and keeps what was typed in the phone's storage.
// The server is the truth; without this file every form still works.
//
// <form data-form data-draft="intake:CODE">            data-draft is optional: the key under which typed text is kept
//   <p data-draft-note hidden>..<button type="button" data-draft-discard>..</button></p>
//   <fieldset data-field="past[0].disease" data-kind="text" data-visible-when='{..}'>..</fieldset>
import { holds } from "./conditions.js";

const NUMBER = /^[+-]?\d{1,15}(\.\d{1,15})?$/;
const KEEP_DAYS = 7;
const SAVE_AFTER_MS = 400;

function controls(field) {
  return [...field.querySelectorAll("input, select, textarea, button")].filter(
    (control) => control.closest("[data-field]") === field,
  );
}

function number(text) {
  const plain = text.normalize("NFKC").trim();
  return NUMBER.test(plain) ? Number(plain) : plain;
}

function texts(own) {
  return own
    .filter((control) => !["_bool", "_add", "_remove"].includes(control.name) && control.type !== "button")
    .flatMap((control) => {
      if (control.type === "checkbox" || control.type === "radio") return control.checked ? [control.value] : [];
      if (control.type === "file") return [...control.files].map((file) => file.name);
      if (control.multiple && control.selectedOptions) return [...control.selectedOptions].map((one) => one.value);
      return [control.value];
    })
    .map((value) => value.trim())
    .filter((value) => value !== "");
}

/** The answer of one field as the server will read it; undefined when there is none. */
export function answer(field) {
  const own = controls(field);
  switch (field.dataset.kind) {
    case "note":
    case "calc":
      return field.dataset.value === undefined ? undefined : number(field.dataset.value);
    case "group":
      return [...field.querySelectorAll("[data-row]")]
        .filter((row) => row.closest("[data-field]") === field)
        .map(() => ({}));
    case "bool": {
      const given = texts(own);
      const boxes = own.filter((control) => control.type === "checkbox");
      if (given.length > 0) return { true: true, on: true, false: false }[given.at(-1)] ?? given.at(-1);
      return boxes.length > 0 ? false : undefined;
    }
    case "multi":
    case "file":
      return texts(own);
    case "number":
    case "rating": {
      const [first] = texts(own);
      return first === undefined ? undefined : number(first);
    }
    default:
      return texts(own)[0];
  }
}

/** Show and hide in one pass in document order; a hidden field is disabled, so it is not sent. */
export function toggle(form) {
  const values = {};
  const shown = new Map();
  for (const field of form.querySelectorAll("[data-field]")) {
    const outer = field.parentElement.closest("[data-field]");
    const condition = field.dataset.visibleWhen;
    const visible = (outer === null || shown.get(outer) !== false) && (!condition || holds(JSON.parse(condition), values));
    shown.set(field, visible);
    field.hidden = !visible;
    if (field instanceof HTMLFieldSetElement) field.disabled = !visible;
    for (const control of controls(field)) control.disabled = !visible;
    if (visible) values[field.dataset.field] = answer(field);
  }
  return values;
}

function storageKey(form) {
  return form.dataset.draft ? `anxin:draft:${form.dataset.draft}` : "";
}

function keep(form) {
  const kept = [];
  for (const control of form.elements) {
    if (!control.name || control.name.startsWith("_") || ["file", "hidden", "submit", "button"].includes(control.type)) continue;
    if (control.type === "checkbox" || control.type === "radio") kept.push([control.name, control.value, control.checked]);
    else if (control.value !== "") kept.push([control.name, control.value]);
  }
  try {
    localStorage.setItem(storageKey(form), JSON.stringify({ at: Date.now(), kept }));
  } catch {
    // Private windows and full phones keep nothing; the draft on the server remains.
  }
}

function read(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key) ?? "null");
    if (draft && Date.now() - draft.at < KEEP_DAYS * 86400000 && Array.isArray(draft.kept)) return draft.kept;
    localStorage.removeItem(key);
  } catch {
    // Nothing readable is nothing kept.
  }
  return [];
}

function restore(form, kept) {
  let changed = false;
  for (const [name, value, checked] of kept) {
    for (const control of form.elements) {
      if (control.name !== name) continue;
      const ticked = control.type === "checkbox" || control.type === "radio";
      if (ticked && control.value === value && control.checked !== checked) {
        control.checked = checked;
        changed = true;
      } else if (!ticked && control.type !== "hidden" && control.type !== "file" && control.value === "") {
        control.value = value;
        changed = true;
      }
    }
  }
  return changed;
}

function startDraft(form) {
  const key = storageKey(form);
  const note = form.querySelector("[data-draft-note]");
  // What the server sends back after an error is newer than what the phone remembers.
  if (!form.hasAttribute("data-answered") && restore(form, read(key)) && note) note.hidden = false;
  form.querySelector("[data-draft-discard]")?.addEventListener("click", () => {
    localStorage.removeItem(key);
    form.reset();
    if (note) note.hidden = true;
    toggle(form);
  });
  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => keep(form), SAVE_AFTER_MS);
  });
}

/** Start every form below `root` that has not started; call again after new content came in. */
export function startForms(root = document) {
  for (const done of root.querySelectorAll("[data-draft-done]")) {
    localStorage.removeItem(`anxin:draft:${done.dataset.draftDone}`);
  }
  for (const form of root.querySelectorAll("form[data-form]")) {
    if (!form.dataset.formStarted) {
      form.dataset.formStarted = "true";
      if (storageKey(form)) startDraft(form);
      form.addEventListener("input", () => toggle(form));
      form.addEventListener("change", () => toggle(form));
    }
    toggle(form);
  }
}
