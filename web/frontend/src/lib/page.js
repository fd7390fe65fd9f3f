// What the server said about this page: its words for scripts, and its clock.
const meta = (name) => document.querySelector(`meta[name="anxin:${name}"]`)?.content ?? "";

const texts = JSON.parse(meta("texts") || "{}");

export const text = (key, values = {}) =>
  Object.entries(values).reduce((all, [name, value]) => all.replace(`%(${name})s`, value), texts[key] ?? key);

// Milliseconds that the server is ahead of this device; a phone's clock may be minutes off.
const ahead = meta("now") ? Date.parse(meta("now")) - Date.now() : 0;

export const serverNow = () => Date.now() + ahead;

export const csrfToken = () => meta("csrf");

// Keys typed into a field, or while an input method composes Chinese, are never shortcuts.
export const isTyping = (event) =>
  event.isComposing ||
  event.keyCode === 229 ||
  event.target.closest?.("input, textarea, select, [contenteditable]") != null;
