/**
 * Show the print buttons, which do nothing without scripts and are therefore hidden.
 *
 * @param {Document} page
 */
export function offerPrinting(page) {
  for (const button of page.querySelectorAll("[data-print]")) {
    button.removeAttribute("hidden");
    button.addEventListener("click", () => window.print());
  }
}
