/**
 * Move the focus to the summary of what went wrong, so that it is read first.
 *
 * @param {Document} page
 */
export function announceTrouble(page) {
  const summary = page.querySelector("[data-trouble]");
  if (summary instanceof HTMLElement) summary.focus();
}

/**
 * Send each form once: a second press within two seconds is dropped, since hand scanners and shaking hands press twice.
 *
 * @param {Document} page
 */
export function sendOnce(page) {
  /** @type {WeakMap<EventTarget, number>} */
  const sent = new WeakMap();
  page.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form || event.defaultPrevented) return;
    const last = sent.get(form) || 0;
    if (Date.now() - last < 2000) event.preventDefault();
    else sent.set(form, Date.now());
  });
}
