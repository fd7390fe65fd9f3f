// <sla-timer due start>: counts down to a deadline by the server's clock. One loop ticks all timers once a second.
import { serverNow, text } from "../lib/page.js";

const WARN = 0.25; // as web.formats.countdown: the last quarter of the budget
const timers = new Set();
let loop = 0;

const two = (number) => String(number).padStart(2, "0");

export function clockText(milliseconds) {
  const total = Math.floor(Math.abs(milliseconds) / 1000);
  const hours = Math.floor(total / 3600);
  const rest = `${two(Math.floor((total % 3600) / 60))}:${two(total % 60)}`;
  if (hours >= 100) return `${text("days", { n: Math.floor(hours / 24) })} ${two(hours % 24)}:${rest}`;
  return hours ? `${two(hours)}:${rest}` : rest;
}

function tick() {
  const now = serverNow();
  for (const timer of timers) timer.show(now);
  loop = setTimeout(tick, 1000 - (now % 1000));
}

class SlaTimer extends HTMLElement {
  static observedAttributes = ["due", "start"];

  connectedCallback() {
    timers.add(this);
    if (!loop) tick();
    else this.show(serverNow());
  }

  disconnectedCallback() {
    timers.delete(this);
    if (timers.size === 0) {
      clearTimeout(loop);
      loop = 0;
    }
  }

  attributeChangedCallback() {
    if (this.isConnected && loop) this.show(serverNow());
  }

  show(now) {
    const due = Date.parse(this.getAttribute("due"));
    const start = Date.parse(this.getAttribute("start") ?? "");
    if (Number.isNaN(due)) return;
    const left = due - now;
    const share = start < due ? Math.min(1, left / (due - start)) : 1;
    const state = left <= 0 ? "over" : start < due && share <= WARN ? "warn" : "ok";
    const clock = this.querySelector("time");
    const bar = this.querySelector("progress");
    const shown = clockText(left);
    if (clock && clock.textContent !== shown) clock.textContent = shown;
    if (bar) bar.value = left <= 0 ? 1 : share;
    if (this.dataset.state !== state) {
      this.dataset.state = state;
      this.dispatchEvent(new CustomEvent("sla-state", { bubbles: true, detail: { state } }));
    }
  }
}

customElements.define("sla-timer", SlaTimer);
