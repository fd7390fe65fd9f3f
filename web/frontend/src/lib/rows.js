// j and k walk the rows of the first table or the cards of a board, Enter opens: the link of a row takes the focus.
import { isTyping } from "./page.js";

const links = () => [...document.querySelectorAll("main :is(tbody tr, .board-card) .row-link, main :is(tbody tr, .board-card) > :first-child a")];

export function startRows() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const step = { j: 1, k: -1 }[event.key];
    if (!step || document.querySelector("dialog[open]")) return;
    const all = [...new Set(links())];
    if (all.length === 0) return;
    const at = all.indexOf(document.activeElement);
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  });
}
