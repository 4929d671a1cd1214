// The grid of a budget: totals while you type, blocks pasted from a spreadsheet, keys from cell to cell.
// Works without this file: each cell is a field, and the server adds up.

const grid = document.querySelector("[data-grid]");

// Cents of what a cell says, as the server reads it; null where it cannot be read.
function centsOf(text, { currency, places }) {
  let bare = text.replace(/[\s\u00a0\u202f]/g, "").replace(new RegExp(currency, "i"), "").replace(/[$€£¥₹₽]/, "");
  if (!bare || /^[-\u2013\u2014\u2212]$/.test(bare)) return 0n;
  if (!/^\+?(\d{1,30}|\d{1,3}(,\d{3})+)(\.\d*)?$/.test(bare)) return null;
  const [whole, rest = ""] = bare.replace(/[+,]/g, "").split(".");
  if (/[1-9]/.test(rest.slice(places)) || whole.replace(/^0+/, "").length > 15) return null;
  return BigInt(whole + rest.slice(0, 2).padEnd(2, "0"));
}

function written(cents, places) {
  if (cents === null) return "not known";
  const size = cents < 0n ? -cents : cents;
  const rest = places ? `.${String(size % 100n).padStart(2, "0")}` : "";
  return `${cents < 0n ? "\u2212" : ""}${(size / 100n).toLocaleString("en")}${rest}`;
}

const stored = (text) => BigInt(text.replace(".", ""));
const added = (cells) => cells.reduce((sum, each) => (sum === null || each === null ? null : sum + each), 0n);

if (grid) {
  const about = { currency: grid.dataset.currency, places: Number(grid.dataset.places) };
  const rows = [...grid.querySelectorAll("[data-row]")];
  const cellsOf = (row) => [...row.cells].slice(1, -1);
  const inputs = rows.map((row) => cellsOf(row).map((cell) => cell.querySelector("input")));
  const say = (place, words) => { document.querySelector(`[data-${place}]`).textContent = words; };
  let dirty = false;
  let taken = null;

  function read(row) {
    return cellsOf(row).map((cell) => {
      const input = cell.querySelector("input");
      if (!input) return stored(cell.dataset.amount);
      const stands = stored(input.dataset.stands);
      const kept = input.value === input.defaultValue && stands < 0n;
      const cents = kept ? stands : centsOf(input.value, about);
      cell.classList.toggle("differs", cents !== stands);
      if (cents === null) input.setAttribute("aria-invalid", "true");
      else if (input.value !== input.defaultValue) input.removeAttribute("aria-invalid");
      return cents;
    });
  }

  function write(row, months) {
    const cells = [...row.cells].slice(1);
    [...months, added(months)].forEach((sum, at) => { cells[at].textContent = written(sum, about.places); });
  }

  function addUp() {
    const all = [];
    for (const body of grid.tBodies) {
      const lines = [...body.querySelectorAll("[data-row]")].map((row) => {
        const months = read(row);
        row.querySelector("[data-sum]").textContent = written(added(months), about.places);
        return months;
      });
      const sums = lines[0].map((_, at) => added(lines.map((line) => line[at])));
      write(body.querySelector("[data-sums]"), sums);
      all.push(sums);
    }
    write(grid.tFoot.rows[0], all[0].map((_, at) => added(all.map((sums) => sums[at]))));
    const changed = grid.querySelectorAll(".differs").length;
    const words = changed ? `${changed} ${changed === 1 ? "amount differs" : "amounts differ"} from` : "as in";
    say("changes", `${words} version ${grid.dataset.version}`);
  }

  const placeOf = (input) => {
    const row = inputs.findIndex((each) => each.includes(input));
    return [row, inputs[row].indexOf(input)];
  };

  function go(input, down, right) {
    let [row, column] = placeOf(input);
    do { row += down; column += right; } while (inputs[row]?.[column] === null);
    const next = inputs[row]?.[column];
    next?.focus();
    next?.select();
    return Boolean(next);
  }

  const blockOf = (text) => text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n")
    .map((line) => line.split("\t").map((cell) => cell.replace(/^"(.*)"$/, "$1").trim()));

  function paste(input, block) {
    const [top, left] = placeOf(input);
    let outside = 0;
    taken = [];
    block.forEach((line, down) => line.forEach((text, right) => {
      const goal = inputs[top + down]?.[left + right];
      if (!goal) return outside++;
      taken.push([goal, goal.value]);
      goal.value = text;
    }));
    addUp();
    const beyond = outside ? ` ${outside} lay outside and were left out.` : "";
    say("said", `${taken.length} pasted.${beyond} Ctrl and Z puts back what stood.`);
  }

  grid.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!event.target.matches("input") || !/[\t\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    dirty = true;
    paste(event.target, blockOf(text));
  });

  grid.addEventListener("input", () => { dirty = true; taken = null; addUp(); });

  grid.addEventListener("keydown", (event) => {
    const { target: input, key } = event;
    if (!input.matches("input") || event.altKey) return;
    let done = true;
    const { selectionStart: from, selectionEnd: to, value: { length } } = input;
    const whole = !from && to === length;
    if (event.ctrlKey || event.metaKey) {
      if (key !== "z" || !taken) return;
      for (const [cell, value] of taken) cell.value = value;
      taken = null;
      say("said", "What stood before is back.");
      addUp();
    } else if (key === "Enter") go(input, event.shiftKey ? -1 : 1, 0);
    else if (event.shiftKey) return;
    else if (key === "ArrowDown") done = go(input, 1, 0);
    else if (key === "ArrowUp") done = go(input, -1, 0);
    else if (key === "ArrowLeft" && (whole || !to)) done = go(input, 0, -1);
    else if (key === "ArrowRight" && (whole || from === length)) done = go(input, 0, 1);
    else if (key === "Escape") { input.value = input.defaultValue; addUp(); input.select(); }
    else return;
    if (done) event.preventDefault();
  });

  grid.addEventListener("focusin", ({ target }) => { if (target.matches("input")) target.select(); });
  grid.closest("form").addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  addUp();
  const first = grid.querySelector("input")?.closest("td");
  if (first) grid.parentElement.scrollLeft = first.offsetLeft - grid.rows[0].cells[0].offsetWidth;
}
