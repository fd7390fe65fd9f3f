// <copy-text><code>...</code><button>Copy</button></copy-text>: puts the text on the clipboard; without script it can be selected.
class CopyText extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    const words = this.querySelector("code");
    if (!navigator.clipboard) button.hidden = true;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(words.textContent);
        button.dataset.state = "ok";
      } catch {
        getSelection().selectAllChildren(words);
      }
    });
  }
}

if (!customElements.get("copy-text")) customElements.define("copy-text", CopyText);
