// Everything works without this file: it adds copy buttons, words for a request that got no answer, and patience.

const PATIENCE = 10_000; // milliseconds, after which a form without an answer may be sent again
let sentAt = new WeakMap();
let outage;

function say(text) {
  const message = document.createElement("p");
  message.className = "message error";
  message.textContent = text;
  document.getElementById("messages").replaceChildren(message);
  return message;
}

// A form that is sent twice would show why the second one is refused, and hide that the first one succeeded.
function sendOnce(event) {
  const form = event.target;
  if (event.submitter?.getAttribute("aria-disabled") === "true" || Date.now() - sentAt.get(form) < PATIENCE) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else if (form.method === "post" && !form.hasAttribute("hx-post")) {
    sentAt.set(form, Date.now());
  }
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    // Browsers give the clipboard to https pages only: select the text instead.
    getSelection().selectAllChildren(source);
    button.textContent = "Selected: press Ctrl+C";
  }
}

function revealCopyButtons(root) {
  root.querySelectorAll("[data-copy][hidden]").forEach((button) => { button.hidden = false; });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
revealCopyButtons(document);
document.addEventListener("htmx:load", (event) => revealCopyButtons(event.detail.elt));
document.addEventListener("submit", sendOnce, { capture: true });
addEventListener("pageshow", () => { sentAt = new WeakMap(); }); // back again by the browser's button

// What a reader has opened stays open when its surroundings come anew.
let opened = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  opened = [...event.detail.target.querySelectorAll("details[data-keep-open][open]")].map((part) => part.id);
});
document.addEventListener("htmx:afterSwap", () => {
  opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
});
document.addEventListener("htmx:sendError", () => {
  outage = say("The server can't be reached. What you see may be out of date.");
});
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) outage?.remove(); });
document.addEventListener("htmx:responseError", (event) =>
  say(`The server answered with error ${event.detail.xhr.status}. Reload the page and try again.`));
