// <code-scanner for="input-id"><button hidden>Scan</button><dialog>...<video>...</dialog></code-scanner>: reads a QR code with the
// phone's camera into an input and sends its form. Without BarcodeDetector or a camera the button stays hidden: the code is typed.
const EVERY = 200;

class CodeScanner extends HTMLElement {
  async connectedCallback() {
    this.button = this.querySelector("button");
    this.dialog = this.querySelector("dialog");
    this.video = this.querySelector("video");
    this.said = this.querySelector("[role=status]");
    if (!(await canScan()) || !this.isConnected) return;
    this.detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.open());
    this.dialog.addEventListener("close", () => this.stop());
  }

  disconnectedCallback() {
    this.stop();
  }

  async open() {
    this.said.textContent = this.dataset.looking;
    this.dialog.showModal();
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    } catch {
      this.said.textContent = this.dataset.refused;
      return;
    }
    if (!this.dialog.open) {
      this.stop();
      return;
    }
    this.video.srcObject = this.stream;
    await this.video.play().catch(() => {});
    this.timer = setInterval(() => this.look(), EVERY);
  }

  async look() {
    if (this.looking || this.video.readyState < 2) return;
    this.looking = true;
    try {
      const [found] = await this.detector.detect(this.video);
      if (found?.rawValue) this.take(found.rawValue);
    } catch {
      // A frame that cannot be read: the next one comes in a moment.
    } finally {
      this.looking = false;
    }
  }

  take(text) {
    this.dialog.close();
    const input = document.getElementById(this.getAttribute("for"));
    if (!input) return;
    input.value = text.trim();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
    if (this.hasAttribute("data-send")) input.form?.requestSubmit();
  }

  stop() {
    clearInterval(this.timer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
  }
}

async function canScan() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return false;
  try {
    return (await window.BarcodeDetector.getSupportedFormats()).includes("qr_code");
  } catch {
    return false;
  }
}

if (!customElements.get("code-scanner")) customElements.define("code-scanner", CodeScanner);
