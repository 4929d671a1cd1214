// What every page does: focus what went wrong, say when an answer in place failed, send forms once, submit on choice.

const messages = document.getElementById("messages");

function say(text) {
  const notice = document.createElement("div");
  notice.className = "notice notice-bad said";
  notice.setAttribute("role", "alert");
  const line = document.createElement("p");
  line.textContent = text;
  notice.append(line);
  messages?.replaceChildren(notice);
  notice.scrollIntoView({ block: "nearest" });
}

function sentenceOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const parts = [...page.querySelectorAll("[data-error]")].map((node) => node.textContent.trim());
  return parts.filter(Boolean).join(" ");
}

document.addEventListener("htmx:responseError", (event) => {
  const said = sentenceOf(event.detail.xhr.responseText);
  say(said || "The server could not answer. Nothing was changed; load the page again and try once more.");
});
document.addEventListener("htmx:sendError", () => say("The server did not answer. Check the connection, then try again; what you typed is still here."));

// A second press of the same button must not send the form again. A page that comes back from the cache is ready again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form?.requestSubmit();
});

// A button that is blocked says why beside itself; pressing it does nothing.
document.addEventListener("click", (event) => {
  if (event.target.closest?.('[aria-disabled="true"]')) event.preventDefault();
});

document.querySelector("[data-focus]")?.focus();
