// Allowlists and the matrix work without this file (the matrix as another page): it lays out the cells of the matrix, filters
// while one types, counts, and sends only what was changed.

const LETTERS = { none: "n", open: "o", closing: "c" }; // as in providers/access.py

class Grid {
  constructor(root) {
    this.root = root;
    this.form = document.getElementById(root.dataset.form) ?? root;
    this.columns = root.dataset.columns.split(",");
    this.changes = new Map(); // "row column" → a word of the form
    root.addEventListener("change", (event) => this.note(event.target));
    root.addEventListener("keydown", (event) => this.move(event));
    this.form.addEventListener("formdata", (event) => this.replace(event.formData));
    this.form.addEventListener("submit", () => { this.leaving = true; });
    this.form.querySelector(".access-bar a")?.addEventListener("click", () => { this.leaving = true; });
    addEventListener("beforeunload", (event) => this.warn(event));
    this.look();
  }

  // What differs already: the browser, or a form that came back, has kept it.
  look() {
    this.root.querySelectorAll('input[type="checkbox"]').forEach((box) => {
      if (box.checked !== box.defaultChecked || box.closest(".changed")) this.note(box);
    });
    this.count();
  }

  column(box) {
    return this.columns.length > 1 ? Number(box.value) : 0;
  }

  note(box) {
    const cell = box.closest("td, li");
    const row = box.closest("[data-row]");
    const column = this.column(box);
    const allowed = cell.querySelector('[name="allowed"]');
    const closing = cell.querySelector('[name="closing"]');
    if (box === closing && box.checked) allowed.checked = true;
    const old = row.dataset.shown[column];
    const wanted = !allowed.checked ? LETTERS.none : closing?.checked ? LETTERS.closing : LETTERS.open;
    const key = `${row.dataset.row} ${column}`;
    if (wanted === old) this.changes.delete(key);
    else this.changes.set(key, `${this.pair(row.dataset.row, this.columns[column])}.${old}${wanted}`);
    cell.classList.toggle("changed", wanted !== old);
    this.count();
  }

  pair(row, column) {
    return this.root.dataset.rows === "providers" ? `${row}.${column}` : `${column}.${row}`;
  }

  count() {
    const output = this.form.querySelector("[data-change-count]");
    if (output) output.textContent = this.changes.size ? `${this.changes.size} changed` : "";
  }

  replace(data) {
    ["providers", "organizations", "shown", "allowed", "closing"].forEach((name) => data.delete(name));
    data.set("changes_text", [...this.changes.values()].join(" "));
  }

  // A search or another page of the matrix would forget what was changed.
  warn(event) {
    if (this.changes.size && !this.leaving) event.preventDefault();
  }

  // Arrow keys go from cell to cell of the matrix.
  move(event) {
    const cell = event.target.closest("td");
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!cell || !step || event.target.type !== "checkbox") return;
    const row = cell.parentElement.parentElement.rows[cell.parentElement.sectionRowIndex + step[0]];
    const box = row?.cells[cell.cellIndex + step[1]]?.querySelector("input");
    if (!box) return;
    event.preventDefault();
    box.focus();
  }

  chooseAll(checked) {
    this.root.querySelectorAll('li:not([hidden]) [name="allowed"]').forEach((box) => {
      if (box.checked === checked) return;
      box.checked = checked;
      this.note(box);
    });
  }
}

function filterRows(input, root, result) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...root.querySelectorAll("li[data-row]")];
  rows.forEach((row) => {
    const name = row.querySelector(".name").textContent.toLowerCase();
    row.hidden = !words.every((word) => name.includes(word));
  });
  const shown = rows.filter((row) => !row.hidden).length;
  result.textContent = words.length ? `${shown} of ${rows.length} shown` : "";
}

// The matrix sends each different cell once, with "#" and "@" for the numbers of its row and column, and for each row which
// of them it holds where: "4:1 17:2". All others are the first one.
function layOut(table) {
  const sent = table.querySelector("template");
  const kinds = [...sent.content.children].map((cell) => cell.outerHTML);
  const columns = table.dataset.columns.split(",");
  table.querySelectorAll("[data-cells]").forEach((row, number) => {
    const held = new Map(row.dataset.cells.split(" ").map((word) => word.split(":").map(Number)));
    const cells = columns.map((_, column) => held.get(column) ?? 0);
    row.dataset.shown = cells.map((kind) => sent.dataset.shown[kind]).join("");
    const html = cells.map((kind, column) => kinds[kind].replaceAll("@", column)).join("");
    row.insertAdjacentHTML("beforeend", html.replaceAll("#", number));
  });
}

const root = document.querySelector("[data-grid]");
if (root?.querySelector("[data-cells]")) layOut(root);
if (root?.querySelector('input[type="checkbox"]')) {
  const grid = new Grid(root);
  document.querySelectorAll("[data-choose]").forEach((part) => { part.hidden = false; });
  root.querySelectorAll("[data-all]").forEach((button) =>
    button.addEventListener("click", () => grid.chooseAll(button.dataset.all === "on")));
  addEventListener("pageshow", () => { grid.leaving = false; grid.look(); });
}
const search = document.querySelector('[data-filter="here"]');
if (search && root) {
  const apply = () => filterRows(search.elements.q, root, document.querySelector("[data-filter-result]"));
  search.addEventListener("input", apply);
  search.addEventListener("submit", (event) => { event.preventDefault(); event.stopPropagation(); apply(); });
}
// On one page of many the server searches: “all shown” would be others than those whose name was typed.
const unsent = document.querySelector('[data-filter="server"]');
unsent?.addEventListener("input", () => {
  const typed = unsent.elements.q.value !== unsent.elements.q.defaultValue;
  document.querySelectorAll("[data-all]").forEach((button) => { button.disabled = typed; });
  document.querySelector("[data-filter-result]").textContent = typed ? "Press Search to see only these." : "";
});
