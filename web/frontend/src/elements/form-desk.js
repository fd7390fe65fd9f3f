// <form-desk>: fields are dragged to another place; the arrows, the menu and the server's answer work without it.
import { csrfToken } from "../lib/page.js";
import { startConditions } from "../lib/visibility.js";

class FormDesk extends HTMLElement {
  async connectedCallback() {
    this.addEventListener("submit", (event) => {
      // The phone is for looking and trying; nothing of it is sent.
      if (event.target.matches("[data-preview]")) event.preventDefault();
      else this.pressed = event.target.id;
    });
    this.watch = new MutationObserver(() => this.refresh());
    this.watch.observe(this, { childList: true, subtree: true });
    const { default: Sortable } = await import("sortablejs");
    this.Sortable = Sortable;
    this.refresh();
  }

  disconnectedCallback() {
    this.watch?.disconnect();
  }

  refresh() {
    startConditions(this);
    this.keepFocus();
    if (!this.Sortable) return;
    this.dataset.ready = "";
    for (const list of this.querySelectorAll(".design-lines")) {
      if (this.Sortable.get(list)) continue;
      this.Sortable.create(list, {
        group: "fields",
        handle: "[data-handle]",
        draggable: '.design-line[data-depth="0"]',
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
        ghostClass: "is-moving",
        onEnd: (event) => this.dropped(event),
      });
    }
  }

  // A button is off while its request runs and so loses the focus: whoever moves a field by keys goes on with it.
  keepFocus() {
    if (!this.pressed || document.activeElement !== document.body) return;
    const [, field] = /^(.*)-(?:up|down)$/.exec(this.pressed) ?? [];
    const form = document.getElementById(this.pressed) ?? (field && this.querySelector(`#${field}-up, #${field}-down`));
    const button = form?.querySelector("button");
    if (!button || button.disabled) return;
    this.pressed = "";
    button.focus();
  }

  dropped({ item, to, from, oldIndex, newIndex }) {
    if (to === from && oldIndex === newIndex) return;
    let next = item.nextElementSibling;
    while (next && next.dataset.depth !== "0") next = next.nextElementSibling;
    const form = document.createElement("form");
    const values = {
      _csrf: csrfToken(),
      seen: this.dataset.seen,
      act: "move",
      path: item.dataset.path,
      before: next?.dataset.path ?? "",
      section: to.dataset.section,
    };
    form.method = "post";
    form.action = this.dataset.action;
    for (const [name, value] of Object.entries(values)) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
    form.hidden = true;
    form.setAttribute("hx-post", this.dataset.action);
    form.setAttribute("hx-target", "#desk");
    form.setAttribute("hx-swap", "outerMorph");
    this.append(form);
    globalThis.htmx?.process(form);
    form.requestSubmit();
  }
}

customElements.define("form-desk", FormDesk);
