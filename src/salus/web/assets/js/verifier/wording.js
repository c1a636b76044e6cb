/** Say a certificate in the page's words: the page brings them, so that no language is in the scripts. */

import { TEST } from "./certificate.js";

const KINDS = ["", "vaccination", "test", "recovery"];
const CIVIL_TIME = "Asia/Shanghai";

export class Wording {
  /** @param {Element} words holds one element with `data-word` for each word */
  constructor(words) {
    /** @type {Map<string, string>} */
    this.texts = new Map();
    for (const one of words.querySelectorAll("[data-word]")) {
      this.texts.set(/** @type {HTMLElement} */ (one).dataset.word || "", one.textContent || "");
    }
    const { lang } = document.documentElement;
    this.language = lang === "en" ? "en-GB" : lang; // as the other pages write days
  }

  /** @param {string} word @returns {string} */
  word(word) {
    return this.texts.get(word) || "";
  }

  /** @param {number} at seconds from 1970 @param {boolean} withHour @returns {string} */
  moment(at, withHour) {
    /** @type {Intl.DateTimeFormatOptions} */
    const how = { day: "numeric", month: "long", year: "numeric", timeZone: CIVIL_TIME };
    if (withHour) Object.assign(how, { hour: "numeric", minute: "2-digit", hour12: false });
    return new Intl.DateTimeFormat(this.language, how).format(new Date(at * 1000));
  }

  /** @param {{ kind: number, disease: number }} certificate */
  fact(certificate) {
    return this.word(KINDS[certificate.kind]).replace("{disease}", this.word(`disease-${certificate.disease}`));
  }

  /** @param {{ kind: number, at: number }} certificate */
  when(certificate) {
    const day = new Date(certificate.at * 1000);
    if (certificate.kind === TEST) return this.moment(certificate.at, true);
    return new Intl.DateTimeFormat(this.language, { dateStyle: "long", timeZone: "UTC" }).format(day);
  }

  /** @param {import("./certificate.js").Hint} hint */
  born(hint) {
    const day = new Date(Date.UTC(2000, hint.month - 1, hint.day));
    return new Intl.DateTimeFormat(this.language, { day: "numeric", month: "long", timeZone: "UTC" }).format(day);
  }

  /** @param {number} made @param {number} at @returns {string} */
  age(made, at) {
    const hours = Math.max(0, Math.floor((at - made) / 3600));
    return this.word("age").replace("{hours}", String(hours)).replace("{time}", this.moment(made, true));
  }
}
