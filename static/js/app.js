// Everything works without this file: it adds copy buttons, and words for a request that got no answer.

function say(text) {
  const message = document.createElement("p");
  message.className = "message error";
  message.textContent = text;
  document.getElementById("messages").replaceChildren(message);
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
document.addEventListener("htmx:sendError", () => say("The server can't be reached. What you see may be out of date."));
document.addEventListener("htmx:responseError", (event) =>
  say(`The server answered with error ${event.detail.xhr.status}. Reload the page and try again.`));
