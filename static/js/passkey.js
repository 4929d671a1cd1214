// Passkeys: the browser asks the device, and the form carries its answer.

const SORRY = "The passkey was not used. Try again, or choose another way.";
const TOO_OLD = "This browser knows no passkeys. Choose another way, or use a newer browser.";

async function optionsOf(form) {
  if (form.dataset.passkey !== "login") return JSON.parse(document.getElementById("passkey-options").textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).request_options;
}

async function answerOf(form) {
  const asked = (await optionsOf(form)).publicKey;
  if (form.dataset.passkey !== "create") {
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
  }
  if (form.elements.passwordless?.checked) {
    Object.assign(asked.authenticatorSelection, { residentKey: "required", requireResidentKey: true, userVerification: "required" });
  }
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) });
}

function say(form, words) {
  const place = form.querySelector("[data-said]");
  place.textContent = words;
  place.hidden = !words;
}

async function ask(form) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return say(form, TOO_OLD);
  say(form, "");
  try {
    form.elements.credential.value = JSON.stringify((await answerOf(form)).toJSON());
  } catch {
    return say(form, SORRY);
  }
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
}
