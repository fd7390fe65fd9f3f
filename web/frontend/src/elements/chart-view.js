// <chart-view kind="line|bar" min max target>: draws the table inside it. Without script the table is all there is.
// The drawing library is as large as the rest of the product, so it is fetched when a chart comes near the window.
import { text } from "../lib/page.js";

// First column: categories; the others: one series each. An empty cell is a gap, never 0.
function read(table) {
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows];
  return {
    categories: rows.map((row) => row.cells[0].textContent.trim()),
    series: names.map((name, index) => ({
      name,
      values: rows.map((row) => {
        const value = row.cells[index + 1]?.dataset.value ?? "";
        return value === "" ? null : Number(value);
      }),
    })),
  };
}

class ChartView extends HTMLElement {
  connectedCallback() {
    this.place = this.querySelector(".chart-drawing");
    const table = this.querySelector("table");
    if (!this.place || !table?.tBodies[0]?.rows.length) return;
    this.data = read(table);
    this.seen = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        this.seen.disconnect();
        this.start();
      },
      { rootMargin: "200px" },
    );
    this.seen.observe(this);
  }

  disconnectedCallback() {
    this.seen?.disconnect();
    this.watch?.disconnect();
    this.scheme?.removeEventListener("change", this.redraw);
    this.resized?.disconnect();
    this.chart?.dispose();
    this.chart = undefined;
  }

  async start() {
    try {
      const { draw } = await import("../lib/charts.js");
      if (!this.isConnected) return;
      this.draw = draw;
    } catch {
      this.place.textContent = text("chartFailed");
      return;
    }
    this.redraw();
    this.watch = new MutationObserver(this.redraw);
    this.watch.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.redraw);
    this.resized = new ResizeObserver(() => this.chart?.resize());
    this.resized.observe(this.place);
  }

  redraw = () => {
    this.chart?.dispose();
    const number = (name) => (this.hasAttribute(name) ? Number(this.getAttribute(name)) : undefined);
    this.chart = this.draw(this.place, {
      ...this.data,
      kind: this.getAttribute("kind") ?? "line",
      min: number("min"),
      max: number("max"),
      target: number("target"),
      targetName: this.getAttribute("target-name") ?? "",
    });
  };
}

customElements.define("chart-view", ChartView);
