/**
 * The page of a telephone: it shows a code that it signs anew every 30 seconds, without a network for as long as its
 * token lasts. The page itself is the same for everybody and says nothing of anyone.
 */

import { draw } from "./drawing.js";
import { STEP_SECONDS, codeOf, stepAt } from "./dynamic.js";
import { all, drop, keep } from "./keeping.js";
import { register, remove, renew, standing } from "./node.js";

/** @typedef {import("./keeping.js").Kept} Kept */
/** @typedef {import("./node.js").Standing} Standing */

const HALF_A_TOKEN = 12 * 3600 * 1000;
const ASK_AGAIN = 5 * 1000;

class Telephone {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.page = root.dataset.page || "";
    /** @type {Standing | null} */
    this.standing = null;
    /** @type {Kept | null} */
    this.kept = null;
    this.step = -1;
    /** Whether a renewal's answer was lost, and when to ask for it again, by this telephone's own running time. */
    this.lost = false;
    this.again = Infinity;
    this.asking = false;
  }

  /** @param {string} name @returns {HTMLElement} */
  part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-part="${name}"]`));
  }

  /** @param {string} name */
  show(name) {
    for (const screen of this.root.querySelectorAll("[data-screen]")) {
      screen.toggleAttribute("hidden", screen.getAttribute("data-screen") !== name);
    }
    this.root.dataset.shows = name;
  }

  async start() {
    this.part("use").addEventListener("click", () => this.attempt(() => this.use()));
    this.part("forget").addEventListener("click", () => this.attempt(() => this.forget()));
    await this.look();
    setInterval(() => this.attempt(() => this.beat()), 1000);
    window.addEventListener("online", () => this.attempt(() => this.look()));
  }

  /** @param {() => Promise<void>} work */
  attempt(work) {
    work().catch(() => this.show("trouble"));
  }

  /** Every second: draw what is due, and ask again for a token whose answer did not come. */
  async beat() {
    if (performance.now() < this.again || this.asking) return this.tick();
    this.asking = true;
    await this.look().finally(() => (this.asking = false));
  }

  /** Find out what this telephone can show, and renew its token while there is a network. */
  async look() {
    this.standing = await standing(this.page).catch(() => null);
    if (this.again < Infinity) this.again = performance.now() + ASK_AGAIN;
    const kept = await all();
    const mine = this.standing ? kept.filter((one) => this.standing?.phones.includes(one.phone)) : kept;
    this.kept = mine.sort((a, b) => b.ends - a.ends)[0] || null;
    if (this.kept && this.standing) await this.renew(this.kept, this.standing);
    this.step = -1;
    await this.tick();
  }

  /** @param {Kept} kept @param {Standing} standing */
  async renew(kept, standing) {
    if (kept.ends - standing.now > HALF_A_TOKEN && !this.lost) {
      kept.ahead = standing.now - Date.now(); // either clock may have been set meanwhile
      await keep(kept);
      return;
    }
    const handed = await renew(this.page, standing.csrf, kept.phone).catch(() => undefined);
    this.lost = handed === undefined;
    this.again = this.lost ? performance.now() + ASK_AGAIN : Infinity;
    // No answer, but perhaps the node has given a new token away, after which the one at hand means nothing.
    if (handed === undefined) return;
    if (handed === null) {
      await drop(kept.phone);
      this.kept = null;
      return;
    }
    this.kept = { ...handed, key: kept.key };
    await keep(this.kept);
  }

  async use() {
    if (!this.standing) return;
    this.part("use").toggleAttribute("disabled", true);
    const how = { name: "ECDSA", namedCurve: "P-256" };
    const pair = await crypto.subtle.generateKey(how, false, ["sign"]);
    const handed = await register(this.page, this.standing.csrf, await crypto.subtle.exportKey("raw", pair.publicKey));
    if (!handed) return this.show("full");
    this.kept = { ...handed, key: pair.privateKey };
    await keep(this.kept);
    this.step = -1;
    await this.tick();
  }

  /** Without a network only the key here is destroyed, which is enough: nothing can sign any more. */
  async forget() {
    if (!this.kept) return;
    const { phone } = this.kept;
    this.kept = null;
    await drop(phone);
    if (this.standing) await remove(this.page, this.standing.csrf, phone).catch(() => undefined);
    this.part("use").toggleAttribute("disabled", false);
    await this.look();
  }

  async tick() {
    const kept = this.kept;
    if (!kept) return this.show(!this.standing ? "sign-in" : this.standing.full ? "full" : "offer");
    const now = Date.now() + kept.ahead;
    if (now >= kept.ends) return this.show("ended");
    const step = stepAt(now);
    this.part("left").textContent = String(STEP_SECONDS - (Math.floor(now / 1000) % STEP_SECONDS));
    if (step === this.step) return;
    this.step = step;
    const text = await codeOf(kept.token, step, kept.key);
    draw(this.part("picture"), text);
    this.part("text").textContent = text;
    const day = { dateStyle: "long", timeStyle: "short", timeZone: "Asia/Shanghai" };
    const language = document.documentElement.lang;
    this.part("until").textContent = new Intl.DateTimeFormat(language, /** @type {any} */ (day)).format(kept.ends);
    this.show("code");
  }
}

/** @param {HTMLElement} root */
async function begin(root) {
  root.hidden = false;
  const telephone = new Telephone(root);
  // without a worker the page still shows codes; it only needs the network again when it is opened next
  const { worker = "", page = "" } = root.dataset;
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(worker, { scope: page }).catch(() => undefined);
  await telephone.start().catch(() => telephone.show("trouble"));
}

const root = document.querySelector("[data-telephone]");
if (root instanceof HTMLElement) begin(root);
