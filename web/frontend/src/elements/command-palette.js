// <command-palette data-src>: opens with / or Ctrl K; lists the pages of the side bar and what the server finds.
import { isTyping, text } from "../lib/page.js";

const WAIT = 140;

class CommandPalette extends HTMLElement {
  connectedCallback() {
    if (this.dialog) return;
    this.dialog = this.querySelector("dialog");
    this.input = this.querySelector("input");
    this.list = this.querySelector("[role=listbox]");
    this.status = this.querySelector("[role=status]");
    this.options = [];
    this.at = 0;
    this.input.addEventListener("input", (event) => {
      if (!event.isComposing) this.find();
    });
    this.input.addEventListener("compositionend", () => this.find());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.querySelector("[data-palette-close]").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    document.addEventListener("keydown", this.shortcut);
    document.addEventListener("click", this.trigger);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.shortcut);
    document.removeEventListener("click", this.trigger);
  }

  shortcut = (event) => {
    const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event);
    const k = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.isComposing;
    if (!slash && !k) return;
    event.preventDefault();
    this.open();
  };

  trigger = (event) => {
    const link = event.target.closest?.("[data-palette]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.open();
  };

  open() {
    if (this.dialog.open) return;
    this.input.value = "";
    this.dialog.showModal();
    this.input.focus();
    this.show(this.pages(""));
  }

  pages(query) {
    const wanted = query.toLowerCase();
    const items = [...document.querySelectorAll(".nav-item")]
      .map((link) => ({ label: link.querySelector("span").textContent.trim(), href: link.href }))
      .filter((item) => item.label.toLowerCase().includes(wanted));
    return items.length ? [{ label: text("pages"), items }] : [];
  }

  find() {
    const query = this.input.value.trim();
    clearTimeout(this.timer);
    this.asking?.abort();
    if (!query) return this.show(this.pages(""));
    this.status.textContent = text("searching");
    this.timer = setTimeout(() => this.ask(query), WAIT);
  }

  async ask(query) {
    this.asking = new AbortController();
    const address = new URL(this.dataset.src, location.href);
    address.searchParams.set("q", query);
    try {
      const answer = await fetch(address, { signal: this.asking.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { groups } = await answer.json();
      this.show([...groups.filter((group) => group.items.length), ...this.pages(query)], query);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.show(this.pages(query), query);
      this.status.textContent = text("failed");
    }
  }

  show(groups, query = "") {
    this.options = [];
    const parts = groups.map((group, index) => {
      const box = document.createElement("div");
      box.setAttribute("role", "group");
      box.setAttribute("aria-labelledby", `palette-group-${index}`);
      const title = document.createElement("div");
      title.className = "palette-group";
      title.id = `palette-group-${index}`;
      title.textContent = group.label;
      box.append(title, ...group.items.map((item) => this.option(item)));
      return box;
    });
    this.list.replaceChildren(...parts);
    const none = query && this.options.length === 0;
    this.status.textContent = none ? text("noResults") : query ? text("results", { n: this.options.length }) : "";
    this.choose(0);
  }

  option(item) {
    const line = document.createElement("div");
    line.className = "palette-option";
    line.setAttribute("role", "option");
    line.id = `palette-option-${this.options.length}`;
    line.dataset.href = item.href;
    const label = document.createElement("b");
    label.textContent = item.label;
    line.append(label);
    for (const [tag, words] of [["span", item.detail], ["em", item.kind]]) {
      if (!words) continue;
      const part = document.createElement(tag);
      part.textContent = words;
      line.append(part);
    }
    line.addEventListener("click", () => this.go(line));
    const place = this.options.push(line) - 1;
    line.addEventListener("pointermove", () => {
      if (this.at !== place) this.choose(place, false);
    });
    return line;
  }

  choose(place, scroll = true) {
    this.at = this.options.length ? (place + this.options.length) % this.options.length : 0;
    this.options.forEach((line, index) => line.setAttribute("aria-selected", String(index === this.at)));
    const chosen = this.options[this.at];
    if (!chosen) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", chosen.id);
    if (scroll) chosen.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "ArrowDown") this.choose(this.at + 1);
    else if (event.key === "ArrowUp") this.choose(this.at - 1);
    else if (event.key === "Enter" && this.options[this.at]) this.go(this.options[this.at]);
    else return;
    event.preventDefault();
  }

  go(line) {
    location.assign(line.dataset.href);
  }
}

customElements.define("command-palette", CommandPalette);
