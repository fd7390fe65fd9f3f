// Toasts leave by themselves, later when they offer to undo; never while the pointer or the focus is on them.
const SHORT = 6000;
const LONG = 12000;

function leave(toast) {
  toast.dataset.leaving = "";
  setTimeout(() => toast.remove(), 260);
}

function watch(toast) {
  if (toast.dataset.watched !== undefined) return;
  toast.dataset.watched = "";
  if (toast.dataset.state === "error") return;
  const wait = toast.querySelector("form") ? LONG : SHORT;
  let timer = setTimeout(() => leave(toast), wait);
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"])
    toast.addEventListener(name, () => {
      clearTimeout(timer);
      timer = setTimeout(() => leave(toast), SHORT);
    });
}

export function showToast(words, state = "info") {
  const list = document.getElementById("toasts");
  if (!list) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.state = state;
  const span = document.createElement("span");
  span.className = "toast-text";
  span.textContent = words;
  toast.append(span);
  list.append(toast);
}

export function startToasts() {
  const list = document.getElementById("toasts");
  if (!list) return;
  const all = () => list.querySelectorAll(".toast").forEach(watch);
  new MutationObserver(all).observe(list, { childList: true });
  all();
  list.addEventListener("click", (event) => {
    const close = event.target.closest("[data-dismiss]");
    if (close) leave(close.closest(".toast"));
  });
}
