// Help for forms that also work without script: drafts, error focus, shortcuts, filters that answer at once.
import { startServerDraft } from "./drafts.js";
import { isTyping, text } from "./page.js";

const PREFIX = "anxin-draft:";
// After so long in the same window it may be the next person in the waiting room who picks the tablet up.
const SAME_PERSON = 30 * 60 * 1000;
const skipped = (field) =>
  !field.name || field.name.startsWith("_") || ["file", "password", "submit", "button", "hidden"].includes(field.type);

function read(form) {
  const values = {};
  for (const field of form.elements) {
    if (skipped(field)) continue;
    const tickable = field.type === "checkbox" || field.type === "radio";
    if (tickable && !field.checked) continue;
    (values[field.name] ??= []).push(field.value);
  }
  return values;
}

function write(form, values) {
  let changed = false;
  const rest = structuredClone(values);
  for (const field of form.elements) {
    if (skipped(field)) continue;
    const kept = rest[field.name];
    if (field.type === "checkbox" || field.type === "radio") {
      const on = kept?.includes(field.value) ?? false;
      if (on && !field.checked) {
        field.checked = true;
        changed = true;
      }
    } else if (kept?.length) {
      const value = kept.shift();
      if (!field.value && value) {
        field.value = value;
        changed = true;
      }
    }
  }
  if (changed) form.dispatchEvent(new Event("change", { bubbles: true }));
  return changed;
}

function note(form) {
  let line = form.querySelector(".draft-note");
  if (!line) {
    line = document.createElement("p");
    line.className = "draft-note";
    line.setAttribute("role", "status");
    form.append(line);
  }
  return line;
}

// What somebody began here earlier is not shown before whoever holds the device says that it is theirs.
function offer(form, line, key, values) {
  if (Object.values(values).every((list) => list.every((value) => !value))) return;
  const question = document.createElement("p");
  question.className = "draft-found";
  question.append(text("draftFound"));
  const answer = (label, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.dataset.size = "sm";
    button.dataset.variant = "secondary";
    button.textContent = text(label);
    button.addEventListener("click", () => {
      question.remove();
      act();
    });
    question.append(" ", button);
  };
  answer("goOn", () => write(form, values) && (line.textContent = text("draftBack")));
  answer("startAnew", () => localStorage.removeItem(key));
  form.prepend(question);
}

function startDraft(form) {
  if (form.dataset.draftStarted !== undefined) return;
  form.dataset.draftStarted = "";
  const key = PREFIX + form.dataset.draft;
  const line = note(form);
  if (form.dataset.draftUrl) startServerDraft(form, line);
  try {
    const kept = localStorage.getItem(key);
    const own = Date.now() - Number(sessionStorage.getItem(key)) < SAME_PERSON || form.dataset.draftOpened !== undefined;
    if (kept && own && write(form, JSON.parse(kept))) line.textContent = text("draftBack");
    if (kept && !own && form.dataset.draftWaits === undefined) offer(form, line, key, JSON.parse(kept));
    let timer = 0;
    const keep = () => {
      clearTimeout(timer);
      timer = 0;
      localStorage.setItem(key, JSON.stringify(read(form)));
      sessionStorage.setItem(key, String(Date.now()));
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        keep();
        // Where the server keeps it, its word counts.
        if (!form.dataset.draftUrl) line.textContent = text("draftKept");
      }, 400);
    });
    // Leaving at once, to read the page in another language, say, must not lose the last words.
    addEventListener("pagehide", () => timer && keep());
    form.addEventListener("submit", () => {
      keep();
      sessionStorage.setItem("anxin-draft-sent", key);
    });
  } catch {
    line.remove(); // private windows may refuse storage; the form works without
  }
}

// A draft goes away when the page after sending no longer shows its form.
function dropSentDraft() {
  try {
    // A page about a problem (a photo too large, no connection) has no form either, and nothing was sent.
    if (document.body.classList.contains("error-page")) return;
    const key = sessionStorage.getItem("anxin-draft-sent");
    if (!key) return;
    sessionStorage.removeItem("anxin-draft-sent");
    const back = [...document.querySelectorAll("form[data-draft]")].some((form) => PREFIX + form.dataset.draft === key);
    if (!back) localStorage.removeItem(key);
  } catch {
    // no storage, no draft
  }
}

// "Start anew" and "Forget it" take the copy on this device away too.
function forgetOnAnew(event) {
  if (!event.target.querySelector?.("input[name=_anew]")) return;
  const code = new URL(event.target.action).pathname.split("/").pop();
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(`${PREFIX}${code}:`)) continue;
      localStorage.removeItem(key);
      sessionStorage.removeItem(key);
    }
  } catch {
    // no storage, nothing to forget
  }
}

export function startForms(root = document) {
  if (root === document) {
    dropSentDraft();
    document.addEventListener("submit", forgetOnAnew);
    document.addEventListener("click", (event) => {
      const back = event.target.closest?.("[data-back]");
      if (back && history.length > 1) {
        event.preventDefault();
        history.back();
      }
    });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || isTyping(event)) return;
      if (document.querySelector("dialog[open]")) return;
      const wanted = event.key.toLowerCase();
      const target = [...document.querySelectorAll("[data-shortcut]")].find(
        (element) => element.dataset.shortcut.toLowerCase() === wanted,
      );
      if (!target) return;
      event.preventDefault();
      target.click();
    });
    document.addEventListener("change", (event) => {
      const form = event.target.closest?.("form[data-auto-submit]");
      if (form && event.target.type !== "search") form.requestSubmit();
      const all = event.target.closest?.("[data-check-all]");
      if (!all) return;
      for (const box of all.closest("table").querySelectorAll("tbody input[type=checkbox]")) box.checked = all.checked;
    });
    let typing = 0;
    document.addEventListener("input", (event) => {
      const form = event.target.closest?.("form[data-auto-submit]");
      if (!form || event.target.type !== "search" || event.isComposing) return;
      clearTimeout(typing);
      typing = setTimeout(() => form.requestSubmit(), 300);
    });
  }
  for (const form of root.querySelectorAll("form[data-draft]")) startDraft(form);
}

export function warnUnsaved() {
  const touched = new WeakSet();
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-warn-unsaved]");
    if (form) touched.add(form);
  });
  document.addEventListener("submit", (event) => touched.delete(event.target));
  window.addEventListener("beforeunload", (event) => {
    if ([...document.forms].some((form) => touched.has(form))) event.preventDefault();
  });
}
