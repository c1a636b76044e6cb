/**
 * The verifier page. The door says what kind it is; where a living declaration lets it ask, it may look at a code, and is
 * shown a good certificate's fact or one and the same "nothing shown". Nothing is kept and nothing is sent.
 */

import { loadTrust } from "./bundle.js";
import { Camera, loadReader, textIn } from "./camera.js";
import { judge } from "./judging.js";
import { isFresh, useless } from "./trust.js";
import { permitted } from "./verdict.js";
import { Wording } from "./wording.js";

const PATIENCE_MS = 8000;
const SPACE = /^[ \t\r\n]+|[ \t\r\n]+$/g;
const MOST_CHARACTERS = 8192;
const CARD = /^SHC:\//;

class Verifier {
  /** @param {HTMLElement} root @param {import("./trust.js").TrustFile} trust */
  constructor(root, trust) {
    this.root = root;
    this.trust = trust;
    this.wording = new Wording(this.part("words"));
    this.venue = /** @type {HTMLSelectElement} */ (this.part("venue"));
    this.camera = new Camera(/** @type {HTMLVideoElement} */ (this.part("video")), (text) => this.present(text));
  }

  /** @param {string} name @returns {HTMLElement} */
  part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-part="${name}"]`));
  }

  /** The instant by this device; on a demonstration whose clock is elsewhere, that of its newest checkpoint. */
  now() {
    const now = Date.now() / 1000;
    return this.root.dataset.demo === "yes" && !isFresh(this.trust, now) ? this.trust.made : now;
  }

  start() {
    this.venue.addEventListener("change", () => this.choose());
    this.part("look").addEventListener("click", () => this.look());
    this.part("stop").addEventListener("click", () => this.choose());
    this.part("next").addEventListener("click", () => this.choose());
    const file = /** @type {HTMLInputElement} */ (this.part("file"));
    file.addEventListener("change", () => this.picture(file));
    const typed = /** @type {HTMLTextAreaElement} */ (this.part("typed"));
    this.part("read").addEventListener("click", () => {
      this.present(typed.value);
      typed.value = "";
    });
    this.part("age").textContent = this.wording.age(this.trust.made, this.now());
    this.choose();
  }

  /** @param {string | null} name show this screen and no other */
  show(name) {
    for (const one of this.root.querySelectorAll("[data-screen]")) {
      /** @type {HTMLElement} */ (one).hidden = /** @type {HTMLElement} */ (one).dataset.screen !== name;
    }
    this.part("next").hidden = !["good", "nothing-shown", "show-again", "unreadable"].includes(name || "");
  }

  choose() {
    this.camera.stop();
    this.part("looking").hidden = true;
    this.forget();
    if (this.venue.value === "") return this.show(null);
    const live = permitted(this.trust, this.now(), this.venue.value);
    if (live.length === 0) return this.refuse();
    const ends = Math.max(...live.map((one) => one.ends));
    const regions = live.map((one) => (one.region === "country" ? this.wording.word("country") : one.region));
    const told = this.wording.word("declared").replace("{region}", regions.join(", "));
    this.part("declared").textContent = told.replace("{time}", this.wording.moment(ends, true));
    return this.show("scan");
  }

  /** No check is permitted; where this device is at fault, it says what to do about the device. */
  refuse() {
    const now = this.now();
    const reason = useless(this.trust, now);
    for (const one of ["slow-clock", "too-old"]) this.part(one).hidden = one !== reason;
    for (const one of this.root.querySelectorAll("[data-clock]")) one.textContent = this.wording.moment(now, true);
    for (const one of this.root.querySelectorAll("[data-seen]")) {
      one.textContent = this.wording.moment(this.trust.made, true);
    }
    return this.show("not-permitted");
  }

  async look() {
    this.part("looking").hidden = false;
    this.part("hard-to-see").hidden = true;
    const patience = setTimeout(() => (this.part("hard-to-see").hidden = false), PATIENCE_MS);
    try {
      await this.camera.start();
    } catch {
      this.part("looking").hidden = true;
      this.part("no-camera").hidden = false;
    } finally {
      clearTimeout(patience);
    }
  }

  /** @param {HTMLInputElement} file */
  async picture(file) {
    const [picture] = file.files || [];
    if (!picture) return;
    const text = await textIn(picture).catch(() => null);
    file.value = "";
    if (text === null) return this.unreadable();
    return this.present(text);
  }

  /** No code can be seen in a picture, whatever it shows: advice about pictures, and no verdict. */
  unreadable() {
    this.forget();
    this.show("unreadable");
    const heading = this.root.querySelector('[data-screen="unreadable"] h2');
    if (heading instanceof HTMLElement) heading.focus();
  }

  /** @param {string} text */
  async present(text) {
    this.part("looking").hidden = true;
    const presented = text.length <= MOST_CHARACTERS ? text.replace(SPACE, "").toUpperCase() : "";
    const written = presented.replace(CARD, "shc:/"); // how cards spell it; all others are in capitals
    const verdict = await judge(written, this.trust, this.now(), this.venue.value);
    this.forget();
    if (verdict.outcome === "not-permitted") return this.refuse();
    if (verdict.certificate) this.tell(verdict.certificate);
    if (verdict.foreign) this.tellForeign(verdict.foreign);
    this.show(verdict.outcome);
    const heading = this.root.querySelector(`[data-screen="${verdict.outcome}"] h2`);
    if (heading instanceof HTMLElement) heading.focus();
  }

  /** @param {import("./certificate.js").Certificate} certificate */
  tell(certificate) {
    const { hint } = certificate;
    this.part("fact").textContent = this.wording.fact(certificate);
    this.part("when").textContent = this.wording.when(certificate);
    this.part("until").textContent = this.wording.moment(certificate.expires, true);
    this.part("hint").hidden = !hint;
    if (!hint) return;
    this.part("initials").textContent = hint.initials;
    this.part("born").textContent = this.wording.born(hint);
    this.part("last-two").textContent = hint.lastTwo;
  }

  /** @param {import("./judging.js").ForeignFact} fact */
  tellForeign(fact) {
    this.part("fact").textContent = this.wording.fact(fact);
    this.part("when").textContent = this.wording.when(fact);
    this.part("until").textContent = this.wording.moment(fact.expires, true);
    this.part("issued").hidden = false;
    this.part("issuer").textContent = fact.issuer;
  }

  /** Leave nothing of what was shown before. */
  forget() {
    for (const name of ["fact", "when", "until", "initials", "born", "last-two", "issuer"]) this.part(name).textContent = "";
    this.part("hint").hidden = true;
    this.part("issued").hidden = true;
  }
}

/** @param {HTMLElement} root */
async function begin(root) {
  root.hidden = false;
  const { trust: address = "", rest = "", changes = "", wasm = "", worker = "" } = root.dataset;
  // without a worker the page still checks; it only needs the network again when it is opened next
  const install = "serviceWorker" in navigator && navigator.serviceWorker.register(worker, { scope: root.dataset.scope });
  await Promise.resolve(install).catch(() => undefined);
  const [trust] = await Promise.all([loadTrust(address, rest, changes), loadReader(wasm)]);
  const troubled = /** @type {HTMLElement} */ (root.querySelector('[data-part="trouble"]'));
  const ready = /** @type {HTMLElement} */ (root.querySelector('[data-part="ready"]'));
  if (!trust) {
    troubled.hidden = false;
    return;
  }
  new Verifier(root, trust).start();
  ready.hidden = false;
  root.dataset.ready = "yes";
}

const root = document.querySelector("[data-verifier]");
if (root instanceof HTMLElement) {
  begin(root).catch(() => {
    /** @type {HTMLElement} */ (root.querySelector('[data-part="trouble"]')).hidden = false;
  });
}
