// The queue: opens requests beside the list, moves on after a decision, answers to keys.
// Everything works without this file: titles are links, decisions are an ordinary form.

const SWITCH = "purser-queue-keys";
const wide = matchMedia("(min-width: 60rem)");
const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const on = (name, act) => document.addEventListener(name, act);
const current = () => one("#queue .queue-row[aria-current]");
const here = () => document.activeElement?.closest("#queue .queue-row") ?? current();
const keysOn = () => localStorage.getItem(SWITCH) !== "off";

function open(row, keepAddress) {
  const link = row.querySelector(".title");
  if (!wide.matches || !link.dataset.stage) return false;
  current()?.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  if (!keepAddress) history.replaceState(null, "", link.href);
  htmx.ajax("GET", link.href, { target: "#item", swap: "outerHTML" });
  return true;
}

on("click", (event) => {
  const link = event.target.closest("#queue .title[data-stage]");
  const plain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (link && plain && open(link.closest(".queue-row"))) event.preventDefault();
  if (event.target.id === "keys-open") KEYS["?"]();
});

function step(by) {
  const rows = all("#queue .queue-row");
  const next = rows[Math.min(Math.max(rows.indexOf(here()) + by, 0), rows.length - 1)];
  if (!next) return;
  next.querySelector(".title").focus();
  next.scrollIntoView({ block: "nearest" });
  if (next !== current()) open(next);
}

// decide

const button = (verdict) => one(`#decide button[value="${verdict}"]`);

function say(words) {
  const hint = one("#decide-hint");
  if (hint) hint.textContent = words;
}

function approve() {
  const goal = button("approve");
  if (!goal) return;
  if (document.activeElement === goal) return goal.click();
  goal.focus();
  say("Press a or Enter once more to approve.");
}

function reasonFor(verdict, words) {
  if (!button(verdict)) return;
  const field = one("#decide textarea");
  field.dataset.verdict = verdict;
  field.focus();
  say(`${words}: give the reason, then press Ctrl and Enter.`);
}

// What is tried first has a page of its own: the form is sent as it would be without this file.
document.addEventListener("submit", (event) => {
  if (event.submitter?.name === "dry_run") event.stopPropagation();
}, true);

// A refusal (409, 422) comes with the panel that says why: show it in its place.
on("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "work" || !detail.xhr.getResponseHeader("X-Purser-Part")) return;
  detail.shouldSwap = true;
  detail.isError = false;
});

on("htmx:afterSettle", ({ detail }) => {
  if (detail.target?.id === "item") showHints();
  if (detail.target?.id !== "work") return;
  ready();
  one("#said").textContent = one("#done")?.textContent.trim() ?? "";
  const goal = one("#item [role=alert], #item [aria-invalid=true]") ?? one("#item-h") ?? one("#work h1");
  goal?.setAttribute("tabindex", goal.matches("textarea") ? "0" : "-1");
  goal?.focus();
});

// select and add up

function addUp() {
  const picked = all("#queue .pick:checked");
  const cents = {};
  for (const { dataset: { amount, currency } } of picked) cents[currency] = (cents[currency] ?? 0n) + BigInt(amount.replace(".", ""));
  const sums = Object.entries(cents).map(([currency, sum]) => `${(sum / 100n).toLocaleString("en")}.${`${sum % 100n}`.padStart(2, 0)} ${currency}`);
  const place = one("#picked");
  if (place) place.textContent = picked.length ? `${picked.length} selected, ${sums.join(" and ")} together` : "";
}

on("change", ({ target }) => {
  if (target.matches(".pick")) addUp();
  if (target.id !== "keys-on") return;
  localStorage.setItem(SWITCH, target.checked ? "on" : "off");
  showHints();
});

function pick() {
  const box = here()?.querySelector(".pick");
  if (!box) return;
  box.checked = !box.checked;
  addUp();
}

// keys (WCAG 2.1.4)

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: approve,
  r: () => reasonFor("reject", "Reject"),
  c: () => reasonFor("send_back", "Send back"),
  x: pick,
  "?": () => one("#keys-dialog").showModal(),
};

on("keydown", (event) => {
  const { target, key } = event;
  const held = event.ctrlKey || event.metaKey;
  let act = KEYS[key];
  if (target.closest("#decide textarea")) {
    const goal = button(target.dataset.verdict);
    act = held && key === "Enter" && goal && (() => goal.click());
  } else if (held || event.altKey || event.defaultPrevented || !keysOn()) return;
  else if (target.closest("textarea, select, dialog, input:not([type=checkbox])")) return;
  if (!act) return;
  event.preventDefault();
  act();
});

function showHints() {
  for (const key of all("#key-hints, #decide .key")) key.hidden = !keysOn();
}

function ready() {
  for (const box of all("#queue .pick")) box.disabled = false;
  if (one("#keys-open")) one("#keys-open").hidden = false;
  one("#keys-on").checked = keysOn();
  showHints();
}

ready();

// Where there is room beside the list, the first request opens by itself; the address stays that of the list.
const first = one("#queue .queue-row:has(.title[data-stage])");
if (first && wide.matches && !current() && !one("#item-h")) open(first, true);
