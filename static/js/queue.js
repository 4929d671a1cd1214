// The queue: opens requests beside the list, moves on after a decision, answers to keys.
// Everything works without this file: titles are links, decisions are an ordinary form.

const SWITCH = "purser-queue-keys";
const wide = window.matchMedia("(min-width: 60rem)");
const byId = (id) => document.getElementById(id);
const rows = () => [...document.querySelectorAll("#queue .queue-row")];
const current = () => document.querySelector("#queue .queue-row[aria-current]");
const keysOn = () => localStorage.getItem(SWITCH) !== "off";

// open a request

function markRow(row) {
  current()?.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
}

function open(row, { keepAddress = false } = {}) {
  const link = row.querySelector(".title");
  if (!wide.matches || !link.dataset.stage) return false;
  markRow(row);
  if (!keepAddress) history.replaceState(null, "", link.href);
  window.htmx.ajax("GET", link.href, { target: "#item", swap: "outerHTML" });
  return true;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("#queue .title[data-stage]");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (link && plain && open(link.closest(".queue-row"))) event.preventDefault();
});

function step(by) {
  const all = rows();
  const focused = document.activeElement?.closest?.("#queue .queue-row");
  const at = all.indexOf(focused ?? current());
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (!next) return;
  next.querySelector(".title").focus();
  next.scrollIntoView({ block: "nearest" });
  if (next !== current()) open(next);
}

// decide

const button = (verdict) => document.querySelector(`#decide button[value="${verdict}"]`);
const comment = () => document.querySelector("#decide textarea");

function approve() {
  const goal = button("approve");
  if (!goal) return;
  if (document.activeElement === goal) goal.click();
  else { goal.focus(); say("Press a or Enter once more to approve."); }
}

function reasonFor(verdict, words) {
  if (!button(verdict)) return;
  comment().dataset.verdict = verdict;
  comment().focus();
  say(`${words}: give the reason, then press Ctrl and Enter.`);
}

function say(words) {
  const hint = byId("decide-hint");
  if (hint) hint.textContent = words;
}

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("#decide textarea");
  if (!field || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const goal = button(field.dataset.verdict ?? "");
  if (goal) { event.preventDefault(); goal.click(); }
});

// A refusal (409, 422) comes with the panel that says why: show it in its place.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  if (target.id === "work" && [403, 404, 409, 422].includes(xhr.status) && xhr.getResponseHeader("X-Purser-Part")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "work") return;
  ready();
  byId("said").textContent = byId("done")?.textContent.trim() ?? "";
  const goal = document.querySelector("#item [role=alert], #item [aria-invalid=true]") ?? byId("item-h") ?? document.querySelector("#work h1");
  goal?.setAttribute("tabindex", goal.matches("textarea") ? "0" : "-1");
  goal?.focus({ preventScroll: false });
});

// select and add up

function addUp() {
  const picked = [...document.querySelectorAll("#queue .pick:checked")];
  const cents = new Map();
  for (const pick of picked) {
    const { amount, currency } = pick.dataset;
    cents.set(currency, (cents.get(currency) ?? 0n) + BigInt(amount.replace(".", "")));
  }
  const sums = [...cents].map(([currency, sum]) => `${grouped(sum)} ${currency}`);
  if (byId("picked")) byId("picked").textContent = picked.length ? `${picked.length} selected, ${sums.join(" and ")} together` : "";
}

function grouped(cents) {
  const text = cents.toString().padStart(3, "0");
  return `${text.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",")}.${text.slice(-2)}`;
}

document.addEventListener("change", (event) => {
  if (event.target.matches(".pick")) addUp();
  if (event.target.id === "keys-on") { localStorage.setItem(SWITCH, event.target.checked ? "on" : "off"); showHints(); }
});

function pick() {
  const box = (document.activeElement?.closest?.("#queue .queue-row") ?? current())?.querySelector(".pick");
  if (box) { box.checked = !box.checked; addUp(); }
}

// keys (WCAG 2.1.4)

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: approve,
  r: () => reasonFor("reject", "Reject"),
  c: () => reasonFor("send_back", "Send back"),
  x: pick,
  "?": () => byId("keys-dialog").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !keysOn()) return;
  if (event.target.closest("textarea, select, dialog, input:not([type=checkbox])")) return;
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});

function showHints() {
  if (byId("key-hints")) byId("key-hints").hidden = !keysOn();
  for (const key of document.querySelectorAll("#decide .key")) key.hidden = !keysOn();
}

function ready() {
  for (const box of document.querySelectorAll("#queue .pick")) box.disabled = false;
  if (byId("keys-open")) byId("keys-open").hidden = false;
  byId("keys-on").checked = keysOn();
  showHints();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#keys-open")) byId("keys-dialog").showModal();
});
document.body.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "item") showHints(); });
ready();

// Where there is room beside the list, the first request opens by itself; the address stays that of the list.
if (wide.matches && !current() && !document.querySelector("#item-h")) {
  const first = rows().find((row) => row.querySelector(".title[data-stage]"));
  if (first) open(first, { keepAddress: true });
}
