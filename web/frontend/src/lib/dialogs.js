// Windows: a popover without script becomes a modal dialog with it; forms may ask before they are sent.
import { text } from "./page.js";

function openDialog(dialog) {
  if (dialog.matches(":popover-open")) dialog.hidePopover();
  dialog.showModal();
}

function ask(question, form, submitter) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.dataset.size = "sm";
  const words = document.createElement("p");
  words.id = "ask-text";
  words.textContent = question;
  dialog.setAttribute("aria-labelledby", words.id);
  const row = document.createElement("div");
  row.className = "form-actions";
  row.dataset.align = "end";
  const button = (label, variant) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button";
    made.dataset.variant = variant;
    const span = document.createElement("span");
    span.textContent = label;
    made.append(span);
    row.append(made);
    return made;
  };
  button(text("close"), "secondary").addEventListener("click", () => dialog.close());
  button(text("confirm"), "primary").addEventListener("click", () => {
    dialog.close();
    form.dataset.confirmed = "";
    form.requestSubmit(submitter);
  });
  const body = document.createElement("div");
  body.className = "form";
  body.dataset.style = "stack";
  body.append(words, row);
  dialog.append(body);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      openDialog(dialog);
      return;
    }
    const closer = event.target.closest?.("[data-close-dialog]");
    if (closer) {
      event.preventDefault();
      const shown = closer.closest("dialog");
      if (shown.matches(":popover-open")) shown.hidePopover();
      else shown.close();
      return;
    }
    if (event.target.matches?.("dialog.dialog[open]") && event.target === event.target.closest("dialog")) {
      const box = event.target.getBoundingClientRect();
      const inside =
        event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside && event.clientX + event.clientY > 0) event.target.close();
    }
  });
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target.closest?.("form[data-confirm]");
      if (!form) return;
      if (form.hasAttribute("data-confirmed")) {
        form.removeAttribute("data-confirmed");
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(form.dataset.confirm, form, event.submitter);
    },
    { capture: true },
  );
  document.addEventListener("input", (event) => {
    const field = event.target.closest?.("[data-must-equal]");
    if (field) field.setCustomValidity(field.value === field.dataset.mustEqual ? "" : field.closest(".field").querySelector("label").textContent);
  });
}
