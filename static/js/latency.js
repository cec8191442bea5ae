// How far each provider is from this browser. Nothing waits for it: what can't be measured stays unknown.

const TRIES = 3;
const LIMIT = 3000; // milliseconds for all tries at one provider

async function latencyOf(address) {
  const signal = AbortSignal.timeout(LIMIT);
  let best;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const start = performance.now();
    try {
      // The answer itself is not ours to read: that there is one, and when, is enough.
      await fetch(`${address}/healthz`, {
        mode: "no-cors", cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", signal,
      });
    } catch {
      break;
    }
    const took = performance.now() - start;
    best = best === undefined ? took : Math.min(best, took);
  }
  return best;
}

async function measure(shown) {
  const best = await latencyOf(shown.dataset.latency);
  if (best !== undefined) shown.textContent = `${Math.max(1, Math.round(best))} ms`;
}

function measureAll(root) {
  root.querySelectorAll("[data-latency]").forEach(measure);
}

measureAll(document);
document.addEventListener("htmx:load", (event) => { if (event.detail.elt !== document.body) measureAll(event.detail.elt); });
