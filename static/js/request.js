// The request form: keeps focus where the person works when a line comes or goes, and asks before typed text is lost.
// Everything works without this file: the buttons post the form and the page comes back with the lines changed.

const form = document.getElementById("request-form");

if (form) {
  let dirty = false;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", () => { dirty = false; });
  document.body.addEventListener("draft-saved", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

  // Lines are swapped as a whole: go to the new line's first field, or to "Add a line" after one was removed.
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "lines") return;
    const added = event.detail.requestConfig?.elt?.name === "add";
    const fields = document.querySelectorAll("#lines .line");
    const goal = added ? fields[fields.length - 1]?.querySelector("input") : document.querySelector("#lines button[name=add]");
    goal?.focus();
    dirty = true;
  });
}
