// A form with data-passkey="create" or "get" asks the browser for a passkey and sends what it says.

document.querySelectorAll("form[data-passkey]").forEach((form) => {
  const button = form.querySelector("[data-passkey-button]");
  const problem = form.querySelector("[data-passkey-problem]");
  form.querySelectorAll("[data-passkey-only]").forEach((part) => { part.hidden = false; });

  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    button.setAttribute("aria-disabled", "true");
    problem.textContent = "";
    try {
      const options = JSON.parse(form.dataset.options);
      const credential = await window.webauthnJSON[form.dataset.passkey](options);
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch (error) {
      problem.textContent = error.name === "InvalidStateError"
        ? "This passkey is yours already."
        : "The browser gave no passkey. Try again; where several are asked for, choose the one of this deployment.";
      button.removeAttribute("aria-disabled");
    }
  }, { capture: true });
});
