/**
 * Passkeys (WebAuthn Level 3) for the forms marked `data-passkey`: the attribute is where the options come from,
 * `data-passkey-use` says `get` or `create`. The credential goes into the form's own field and the form is sent as any other.
 */

/** @param {string} text base64url @returns {ArrayBuffer} */
function bytes(text) {
  const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0)).buffer;
}

/** @param {ArrayBuffer | null} buffer @returns {string | null} base64url */
function text(buffer) {
  if (!buffer) return null;
  const raw = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @param {any} options the server's JSON, whose byte strings become buffers in place @returns {any} */
export function readOptions(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const known of options.allowCredentials || options.excludeCredentials || []) known.id = bytes(known.id);
  return options;
}

/** @param {PublicKeyCredential} credential @returns {string} the JSON form that WebAuthn Level 3 gives it */
export function writeCredential(credential) {
  /** @type {any} */
  const answer = credential.response;
  /** @type {Record<string, string | null>} */
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (answer[part]) response[part] = text(answer[part]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

/** @param {HTMLFormElement} form @returns {Promise<void>} */
async function useIn(form) {
  const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrf")).value;
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("credential"));
  const reply = await fetch(/** @type {string} */ (form.dataset.passkey), {
    method: "POST",
    body: new URLSearchParams({ csrf: token }),
    credentials: "same-origin",
  });
  if (!reply.ok) throw new Error(String(reply.status));
  const publicKey = readOptions(await reply.json());
  const credential =
    form.dataset.passkeyUse === "create"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
  if (!credential) throw new Error("no credential");
  field.value = writeCredential(/** @type {PublicKeyCredential} */ (credential));
  form.submit();
}

/** @param {Document} page */
export function offerPasskeys(page) {
  if (!window.PublicKeyCredential) return;
  for (const form of page.querySelectorAll("form[data-passkey]")) {
    if (!(form instanceof HTMLFormElement)) continue;
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      const code = form.elements.namedItem("code");
      if (code instanceof HTMLInputElement && code.value) return; // proved by a code instead
      event.preventDefault();
      const failed = form.querySelector("[data-passkey-failed]");
      if (failed) failed.setAttribute("hidden", "");
      useIn(form).catch(() => failed && failed.removeAttribute("hidden"));
    });
  }
}
