/**
 * The page of certificates that are bound to this telephone: for each it makes a key that nobody can take out, and shows
 * its code anew every 30 seconds, also without a network. The page itself is the same for everybody.
 */

import { readBound } from "../verifier/bound.js";
import { readBase64, writeBase45 } from "../verifier/octets.js";
import { Wording } from "../verifier/wording.js";
import { draw } from "./drawing.js";
import { STEP_SECONDS, codeOf, stepAt } from "./dynamic.js";
import { place } from "./keeping.js";

/**
 * `ahead` is by how many milliseconds the node's clock was ahead when it was last heard of.
 *
 * @typedef {{ certificate: string, key: CryptoKey, token: Uint8Array<ArrayBuffer>, ahead: number }} Kept
 */
/** @typedef {{ entry: string, kind: number, disease: number, at: number }} Offer */
/** @typedef {{ csrf: string, now: number, offers: Offer[], hinted: boolean, void: string[] }} Standing */

/** @type {ReturnType<typeof place<Kept>>} */
const shelf = place("salus-certificates", "bound", "certificate");

/** @param {Kept} kept */
function said(kept) {
  return readBound("SL1:" + writeBase45(kept.token)).presented.certificate;
}

const POST = /** @type {RequestInit} */ ({ method: "POST", credentials: "same-origin", redirect: "manual" });

class Bearer {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.page = root.dataset.page || "";
    this.wording = new Wording(this.part("words"));
    /** @type {Standing | null} */
    this.standing = null;
    /** @type {Kept[]} */
    this.kept = [];
    /** @type {Kept | null} */
    this.shown = null;
    this.step = -1;
  }

  /** @param {string} name @returns {HTMLElement} */
  part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-part="${name}"]`));
  }

  async start() {
    this.part("remove").addEventListener("click", () => this.attempt(() => this.remove()));
    await this.look();
    setInterval(() => this.attempt(() => this.tick()), 1000);
    window.addEventListener("online", () => this.attempt(() => this.look()));
  }

  /** @param {() => Promise<void>} work */
  attempt(work) {
    work().catch(() => (this.part("trouble").hidden = false));
  }

  /** Find out what this telephone can show, and what could be taken while somebody is signed in. */
  async look() {
    const how = /** @type {RequestInit} */ ({ credentials: "same-origin", redirect: "manual", cache: "no-store" });
    const reply = await fetch(`${this.page}/state`, how).catch(() => null);
    this.standing = reply && reply.ok ? await reply.json() : null;
    this.kept = [];
    for (const one of await shelf.all()) {
      const now = this.standing ? this.standing.now : Date.now() + one.ahead;
      if (this.standing?.void.includes(one.certificate) || now >= said(one).expires * 1000) {
        await shelf.drop(one.certificate);
        continue;
      }
      if (this.standing) one.ahead = this.standing.now - Date.now(); // either clock may have been set meanwhile
      if (this.standing) await shelf.keep(one);
      this.kept.push(one);
    }
    this.list();
    this.shown = this.kept.find((one) => one.certificate === this.shown?.certificate) || this.kept[0] || null;
    this.step = -1;
    await this.tick();
  }

  list() {
    this.part("sign-in").hidden = this.standing !== null;
    this.part("offered").hidden = this.standing === null;
    this.part("none").hidden = !this.standing || this.standing.offers.length > 0;
    const kept = this.kept.map((one) => this.item(said(one), [["show", () => this.choose(one)]]));
    this.part("held").replaceChildren(...kept);
    this.part("holding").hidden = kept.length === 0;
    const offers = (this.standing?.offers || []).map((one) => {
      /** @type {[string, () => Promise<void>][]} */
      const ways = [["plain", () => this.take(one, "no")]];
      if (this.standing?.hinted) ways.push(["hinted", () => this.take(one, "yes")]);
      return this.item(one, ways);
    });
    this.part("offers").replaceChildren(...offers);
  }

  /**
   * @param {{ kind: number, disease: number, at: number }} fact
   * @param {[string, () => Promise<void>][]} ways
   */
  item(fact, ways) {
    const item = document.createElement("li");
    const words = document.createElement("p");
    words.textContent = `${this.wording.fact(fact)} · ${this.wording.when(fact)}`;
    item.append(words);
    for (const [word, work] of ways) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "nhsuk-button nhsuk-button--secondary";
      button.textContent = this.wording.word(word);
      button.setAttribute("aria-label", `${this.wording.word(word)}: ${words.textContent}`);
      button.addEventListener("click", () => this.attempt(work));
      item.append(button);
    }
    return item;
  }

  /** @param {Kept} one */
  async choose(one) {
    this.shown = one;
    this.step = -1;
    this.part("not-void").hidden = true;
    await this.tick();
  }

  /** @param {Offer} offer @param {"yes" | "no"} hint */
  async take(offer, hint) {
    if (!this.standing) return;
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const key = btoa(Array.from(point, (octet) => String.fromCharCode(octet)).join(""));
    const body = new URLSearchParams({ csrf: this.standing.csrf, entry: offer.entry, hint, key });
    const reply = await fetch(this.page, { ...POST, body }).catch(() => null);
    if (!reply?.ok) {
      await this.look(); // who was signed out meanwhile is told where to sign in, and nothing of telephones
      this.part("refused").hidden = !reply || !this.standing;
      return;
    }
    this.part("refused").hidden = true;
    const { certificate, token, now } = await reply.json();
    this.shown = { certificate, token: readBase64(token), key: pair.privateKey, ahead: now - Date.now() };
    await shelf.keep(this.shown);
    await this.look();
  }

  /**
   * Void first: `look` drops it with its key once the node says that it is void. Without a network or a sign-in it stays,
   * and the page says so; a void is answered by a way elsewhere, as signing in is, so that only the node's list tells.
   */
  async remove() {
    if (!this.shown) return;
    const { certificate } = this.shown;
    if (this.standing) {
      const body = new URLSearchParams({ csrf: this.standing.csrf });
      await fetch(`${this.root.dataset.certificates}/${certificate}/void`, { ...POST, body }).catch(() => undefined);
    }
    await this.look();
    this.part("not-void").hidden = !this.kept.some((one) => one.certificate === certificate);
  }

  async tick() {
    const { shown } = this;
    this.part("code").hidden = !shown;
    if (!shown) return;
    const certificate = said(shown);
    const now = Date.now() + shown.ahead;
    if (now >= certificate.expires * 1000) return this.look();
    this.part("left").textContent = String(STEP_SECONDS - (Math.floor(now / 1000) % STEP_SECONDS));
    if (stepAt(now) === this.step) return;
    this.step = stepAt(now);
    const text = await codeOf(shown.token, this.step, shown.key);
    draw(this.part("picture"), text);
    this.part("text").textContent = text;
    this.part("fact").textContent = this.wording.fact(certificate);
    this.part("when").textContent = this.wording.when(certificate);
    this.part("until").textContent = this.wording.moment(certificate.expires, true);
  }
}

/** @param {HTMLElement} root */
async function begin(root) {
  root.hidden = false;
  // without a worker the page still shows codes; it only needs the network again when it is opened next
  const { worker = "", page = "" } = root.dataset;
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(worker, { scope: page }).catch(() => undefined);
  const bearer = new Bearer(root);
  await bearer.start().catch(() => (bearer.part("trouble").hidden = false));
  root.dataset.ready = "yes";
}

const root = document.querySelector("[data-bearer]");
if (root instanceof HTMLElement) begin(root);
