// What every page does.

function say(text) {
  const notice = document.createElement("div");
  notice.className = "notice notice-bad said";
  notice.role = "alert";
  notice.append(Object.assign(document.createElement("p"), { textContent: text }));
  document.getElementById("messages").replaceChildren(notice);
  notice.scrollIntoView({ block: "nearest" });
}

function sentenceOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  return [...page.querySelectorAll("[data-error]")].map((node) => node.textContent.trim()).join(" ");
}

document.addEventListener("htmx:responseError", (event) => {
  say(sentenceOf(event.detail.xhr.responseText) || "The server could not answer. Nothing was changed; load the page again.");
});
document.addEventListener("htmx:sendError", () => say("The server did not answer. Check the connection, then try again."));

// A second press sends nothing; a page from the cache is ready again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

// What is blocked says why beside itself.
document.addEventListener("click", (event) => {
  if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
});

document.querySelector("[data-focus]")?.focus();

// How long something may still be undone
setInterval(() => {
  for (const left of document.querySelectorAll("[data-seconds]")) --left.textContent || left.closest("[data-undo]").remove();
}, 1000);
