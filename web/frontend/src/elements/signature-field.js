// <signature-field>: draws a signature into its hidden input as a PNG; the typed name below works without script.
import { text } from "../lib/page.js";

class SignatureField extends HTMLElement {
  async connectedCallback() {
    if (this.querySelector("canvas")) return;
    const { default: SignaturePad } = await import("signature_pad");
    const hidden = this.querySelector("input[type=hidden]");
    const label = document.getElementById(`${hidden.id}-label`);
    const frame = document.createElement("div");
    frame.className = "signature-pad";
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${label?.textContent.trim() ?? ""} ${text("sign")}`.trim());
    const clear = document.createElement("button");
    clear.type = "button";
    clear.className = "button";
    clear.dataset.variant = "quiet";
    clear.dataset.size = "sm";
    const word = document.createElement("span");
    word.textContent = text("clear");
    clear.append(word);
    frame.append(canvas, clear);
    this.prepend(frame);

    const pad = new SignaturePad(canvas, { penColor: "#10233d", minWidth: 1, maxWidth: 2.8 });
    const fit = () => {
      const ratio = Math.max(window.devicePixelRatio || 1, 1);
      const width = canvas.offsetWidth;
      if (!width || Math.round(width * ratio) === canvas.width) return;
      const strokes = pad.toData();
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(canvas.offsetHeight * ratio);
      canvas.getContext("2d").scale(ratio, ratio);
      pad.fromData(strokes);
    };
    fit();
    new ResizeObserver(fit).observe(canvas);
    pad.addEventListener("endStroke", () => this.keep(hidden, pad.toDataURL("image/png")));
    clear.addEventListener("click", () => {
      pad.clear();
      this.keep(hidden, "");
    });
    if (hidden.value.startsWith("data:image/png")) pad.fromDataURL(hidden.value);
  }

  keep(hidden, value) {
    hidden.value = value;
    hidden.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

customElements.define("signature-field", SignatureField);
