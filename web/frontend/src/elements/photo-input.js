// <photo-input>: makes photos smaller before they are sent (which also drops where they were taken) and shows them.
import { text } from "../lib/page.js";

const LONGEST = 1600;
const QUALITY = 0.82;
const THUMB = 240;

async function draw(file, longest) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const paper = canvas.getContext("2d");
  paper.fillStyle = "#ffffff";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas;
}

async function shrink(file) {
  const canvas = await draw(file, LONGEST);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  const name = `${file.name.replace(/\.[^.]*$/, "") || "photo"}.jpg`;
  return new File([blob], name, { type: "image/jpeg", lastModified: file.lastModified });
}

class PhotoInput extends HTMLElement {
  connectedCallback() {
    if (this.input) return;
    this.input = this.querySelector("input[type=file]");
    this.list = this.querySelector(".previews");
    this.status = this.querySelector("[role=status]");
    this.files = [];
    this.input.addEventListener("change", () => this.add([...this.input.files]));
    const zone = this.querySelector(".dropzone");
    for (const [event, over] of [["dragenter", true], ["dragleave", false], ["drop", false]])
      zone.addEventListener(event, () => zone.toggleAttribute("data-over", over));
  }

  async add(chosen) {
    const most = Number(this.dataset.max) || 6;
    let said = "";
    for (const file of chosen) {
      if (this.files.length >= most) {
        said = text("photoMany", { n: most });
        break;
      }
      try {
        this.files.push(await shrink(file));
      } catch {
        said = text("photoBad");
      }
    }
    this.status.textContent = said;
    await this.show();
  }

  async show() {
    const transfer = new DataTransfer();
    for (const file of this.files) transfer.items.add(file);
    this.input.files = transfer.files;
    const lines = await Promise.all(this.files.map((file) => this.line(file)));
    this.list.replaceChildren(...lines);
    this.list.hidden = lines.length === 0;
  }

  async line(file) {
    const item = document.createElement("li");
    const canvas = await draw(file, THUMB);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", file.name);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${text("remove")} ${file.name}`);
    remove.addEventListener("click", () => {
      this.files = this.files.filter((other) => other !== file);
      this.show();
      this.input.focus();
    });
    item.append(canvas, remove);
    return item;
  }
}

customElements.define("photo-input", PhotoInput);
