// Saves a form on the server while it is filled in: <form data-draft-url="/q/code/draft"> with an input `_revision`.
//
// One save at a time, and only what changed. When another device has saved since, nothing is overwritten: the page
// asks. Without a network the copy on this device stays, and the next change tries again.
import { text } from "./page.js";

const WAIT = 2000;

function body(form) {
  const pairs = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  return new URLSearchParams(pairs);
}

function content(form) {
  const pairs = body(form);
  pairs.delete("_revision");
  return pairs.toString();
}

/** Start saving; `line` tells how it went. */
export function startServerDraft(form, line) {
  let timer = 0;
  let saving = false;
  let stopped = false;
  let last = content(form);

  function ask(time) {
    stopped = true;
    const panel = form.querySelector("#draft-conflict");
    panel.querySelector(".banner-title").textContent = text("draftElsewhere", { time });
    panel.hidden = false;
    panel.scrollIntoView({ block: "nearest" });
    line.textContent = "";
  }

  async function save() {
    clearTimeout(timer);
    timer = 0;
    const sent = body(form);
    const words = content(form);
    if (stopped || words === last) return;
    if (saving) {
      later();
      return;
    }
    saving = true;
    try {
      const answer = await fetch(form.dataset.draftUrl, {
        method: "POST",
        headers: { accept: "application/json" },
        body: sent,
        keepalive: words.length < 60_000,
      });
      if (answer.ok) {
        const { revision, saved_at } = await answer.json();
        form.elements._revision.value = revision;
        last = words;
        line.textContent = text("draftSaved", { time: saved_at });
      } else if (answer.status === 409) {
        ask((await answer.json()).changed_at);
      } else {
        // Revoked, used or refused: sending will say why; what was typed stays on this device.
        stopped = answer.status !== 429 && answer.status < 500;
        line.textContent = text("draftKept");
      }
    } catch {
      line.textContent = text("draftOffline");
    } finally {
      saving = false;
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  }

  form.addEventListener("input", later);
  form.addEventListener("submit", () => {
    stopped = true;
    clearTimeout(timer);
  });
  addEventListener("pagehide", () => timer && save());
  addEventListener("online", later);
}
