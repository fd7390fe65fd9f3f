// htmx for the desk: token on writes, errors as toasts, the live dot, windows that close when their form was accepted.
import htmx from "htmx.org";
import { startForms } from "./forms.js";
import { csrfToken, text } from "./page.js";
import { showToast } from "./toasts.js";

function dot(state) {
  for (const element of document.querySelectorAll("[data-live-state]")) {
    element.dataset.liveState = state;
    const words = element.querySelector("[data-live-text]");
    if (words) words.textContent = text(state === "live" ? "live" : "reconnecting");
  }
}

export function startLive() {
  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    if (request.method !== "GET") request.headers["X-CSRF-Token"] = csrfToken();
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.target.closest?.("[data-live]")) return;
    showToast(text(navigator.onLine ? "failed" : "offline"), "error");
  });
  document.addEventListener("htmx:sse:after:connection", () => dot("live"));
  for (const name of ["htmx:sse:error", "htmx:sse:close"]) document.addEventListener(name, () => dot("waiting"));
  document.addEventListener("htmx:after:request", (event) => {
    const form = event.target.closest?.("[data-close-on-success]");
    if (form && event.detail.ctx.response.status < 400) form.closest("dialog")?.close();
  });
  htmx.onLoad((element) => startForms(element));
}
