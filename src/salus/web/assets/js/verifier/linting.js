/**
 * What acceptance rules may not hold, exactly as `salus.rules.acceptance.lint` has it: a door applies no rule in which
 * people could be listed, whoever signed it. Throws Refused with the linter's word for the first that is found.
 */

import { MOST_DEPTH, PATH, takes } from "./certlogic.js";
import { isUnit } from "./moments.js";
import { require } from "./refused.js";

const MOST_ITEMS = 32;
const MOST_TEXT = 300;
const MOST_NODES = 400;
const MOST_DAYS = 4;
const MOST_AMOUNT = 10_000;
const MOST_AMOUNTS = 8;
const MOST_EVENTS = 4;
const MOST_DOSES = 100;
const MOST_TABLES = 8;
const MOST_PERIODS = 16;

/** @type {Record<string, string>} */
export const GROUPS = { vaccination: "v", test: "t", recovery: "r" };
/** @type {Record<string, string[]>} */
const CODES = { v: ["tg", "vp", "mp", "ma", "dn", "sd"], t: ["tg", "tt", "nm", "ma", "tr"], r: ["tg"] };
/** @type {Record<string, string[]>} */
const DATES = { v: ["dt"], t: ["sc", "dr"], r: ["fr", "df", "du"] };
const SUBJECTS = ["nam", "fn", "fnt", "gn", "gnt", "dob", "ci", "is", "co", "tc"];
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+){0,7}$/;
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const WHEN = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}))?$/;
const INSTANT = /^2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
const CODE = /^[A-Za-z0-9][A-Za-z0-9/._-]{0,19}$/;
const HASH = /[0-9a-fA-F]{12,}|[A-Za-z0-9+/_-]{20,}/;
const MOST_DIGITS = 10;
const DISEASE = /^[a-z][a-z0-9]*(-[a-z0-9]+){0,3}$/;
const TIME = /^[0-9]{4}-[0-9]{2}(-[0-9]{2}(T.*)?)?$/;
const VALUE_SET = /^external\.valueSets\.([a-z0-9-]{1,60})$/;
const EVENT = /^[0-9]{1,4}$/;
const CLOCK = "external.validationClock";
const TEXT_HASH = /[0-9a-fA-F]{16,}|[A-Za-z0-9+/_-]{24,}={0,2}|[A-Za-z0-9+/]{10,}={1,2}(?![A-Za-z0-9])/;

/** @param {any} value @returns {boolean} */
function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** @param {any} value @param {string[]} names @param {string} word */
function requireFields(value, names, word) {
  require(isObject(value), "TYPE");
  const found = Object.keys(value);
  require(found.length === names.length && names.every((name) => found.includes(name)), word);
}

/** @param {any[]} items @returns {boolean} */
function distinct(items) {
  return new Set(items).size === items.length;
}

/** @param {string} text @returns {boolean} whether its digits, however they are parted, could be a person's number */
export function isLongNumber(text) {
  return digits(text) > MOST_DIGITS;
}

/** @param {any} disease the short word for a disease, such as covid-19 */
export function requireDisease(disease) {
  require(typeof disease === "string" && DISEASE.test(disease), "a disease");
  require(disease.length <= 32 && digits(disease) <= 4, "a disease's word");
}

/** @param {string} text @returns {number} */
function digits(text) {
  return text.replace(/[^0-9]/g, "").length;
}

/** @param {any} text a text that people read */
export function requireText(text) {
  require(typeof text === "string" && text.trim() !== "", "CLAUSE");
  require([...text].length <= MOST_TEXT, "TEXT-TOO-LONG");
  require(!TEXT_HASH.test(text), "HASH");
  require(!/\p{Nd}{5,}/u.test(text), "NUMBER");
  require(/^(?:[^\p{C}\p{Z}]| )*$/u.test(text), "TEXT");
}

/** @param {string} text */
function requireCode(text) {
  require(!isLongNumber(text), "NUMBER");
  require(!HASH.test(text), "HASH");
  require(CODE.test(text), "FREE-TEXT");
}

/** @param {any} body rules with their lists and periods */
export function requireLinted({ tables, periods, rules }) {
  requireBeside(tables, ["codes", "source"], MOST_TABLES);
  requireBeside(periods, ["amount", "unit", "source"], MOST_PERIODS);
  for (const name of Object.keys(tables)) requireCodes(tables[name].codes);
  const spans = Object.keys(periods).map((name) => requirePeriod(periods[name]));
  require(Array.isArray(rules) && rules.length > 0, "TYPE");
  require(rules.length <= MOST_ITEMS, "LIST-TOO-LONG");
  for (const rule of rules) requireRule(rule, Object.keys(tables), spans);
  require(distinct(rules.map((rule) => rule.name)), "TWICE");
}

/** @param {any} named @param {string[]} fields @param {number} most */
function requireBeside(named, fields, most) {
  require(isObject(named), "TYPE");
  const names = Object.keys(named);
  require(names.length <= most, "LIST-TOO-LONG");
  for (const name of names) {
    require(NAME.test(name) && !HASH.test(name), "TYPE");
    requireFields(named[name], fields, "UNKNOWN-FIELD");
    requireText(named[name].source);
  }
}

/** @param {any} codes */
function requireCodes(codes) {
  require(Array.isArray(codes) && codes.length > 0 && codes.every((one) => typeof one === "string"), "TYPE");
  require(codes.length <= MOST_ITEMS, "LIST-TOO-LONG");
  require(distinct(codes), "TWICE");
  codes.forEach(requireCode);
}

/** @param {any} one @returns {string} */
function requirePeriod({ amount, unit }) {
  require(Number.isInteger(amount) && amount > 0 && amount < MOST_AMOUNT && isUnit(unit), "TYPE");
  return `${amount} ${unit}`;
}

/** @param {any} rule @param {string[]} tables @param {string[]} spans */
function requireRule(rule, tables, spans) {
  requireFields(rule, ["name", "kind", "description", "logic", "examples"], "UNKNOWN-FIELD");
  require(typeof rule.name === "string" && NAME.test(rule.name) && !HASH.test(rule.name), "TYPE");
  requireFields(rule.description, ["en", "zh"], "CLAUSE");
  requireText(rule.description.en);
  requireText(rule.description.zh);
  require(typeof rule.kind === "string" && Object.keys(GROUPS).includes(rule.kind), "UNKNOWN-WORD");
  requireExpression(rule.logic, 0);
  new Walk(GROUPS[rule.kind], tables, spans).all(rule.logic);
  requireExamples(rule.examples);
}

/** @param {any} examples */
function requireExamples(examples) {
  require(Array.isArray(examples) && examples.length <= MOST_ITEMS, "EXAMPLES");
  for (const one of examples) {
    requireFields(one, ["payload", "at", "accepted"], "EXAMPLES");
    require(typeof one.accepted === "boolean", "EXAMPLES");
    require(isObject(one.payload), "TYPE");
    for (const group of Object.keys(one.payload)) {
      require(Object.keys(CODES).includes(group), "UNKNOWN-FIELD");
      const events = one.payload[group];
      require(Array.isArray(events) && events.length <= MOST_EVENTS, "TYPE");
      for (const event of events) requireEvent(event, group);
    }
    require(typeof one.at === "string" && INSTANT.test(one.at), "TYPE");
  }
  require(new Set(examples.map((one) => one.accepted)).size === 2, "EXAMPLES");
}

/** @param {any} event @param {string} group */
function requireEvent(event, group) {
  require(isObject(event), "TYPE");
  for (const name of Object.keys(event)) {
    const value = event[name];
    require([...CODES[group], ...DATES[group]].includes(name), "UNKNOWN-FIELD");
    if (DATES[group].includes(name)) require(typeof value === "string" && WHEN.test(value), "TYPE");
    else if (typeof value === "string") requireCode(value);
    else require(Number.isInteger(value) && value >= 0 && value < MOST_DOSES, "NUMBER");
  }
}

/** @param {any} rule an expression that means something before it meets any data @param {number} depth */
function requireExpression(rule, depth) {
  require(depth <= MOST_DEPTH, "CERTLOGIC");
  if (typeof rule === "string" || typeof rule === "boolean" || Number.isSafeInteger(rule)) return;
  if (Array.isArray(rule)) {
    for (const one of rule) requireExpression(one, depth + 1);
    return;
  }
  require(isObject(rule) && Object.keys(rule).length === 1, "CERTLOGIC");
  const [name] = Object.keys(rule);
  const values = rule[name];
  if (name === "var") {
    require(typeof values === "string" && (values === "" || PATH.test(values)), "CERTLOGIC");
    return;
  }
  require(Array.isArray(values) && takes(name, values.length), "CERTLOGIC");
  if (name === "plusTime") require(isUnit(values[2]), "CERTLOGIC");
  if (name === "plusTime" || name === "extractFromUVCI") require(Number.isSafeInteger(values[1]), "CERTLOGIC");
  for (const one of values) requireExpression(one, depth + 1);
}

/** One walk through an expression: how large it is, what it reads, which days and periods it names. */
class Walk {
  /** @param {string} group @param {string[]} tables @param {string[]} spans */
  constructor(group, tables, spans) {
    this.group = group;
    this.tables = tables;
    this.spans = spans;
    this.nodes = 0;
    this.reads = false;
    /** @type {Set<string>} */
    this.days = new Set();
    /** @type {Set<string>} */
    this.amounts = new Set();
  }

  /** @param {any} logic */
  all(logic) {
    this.part(logic, false);
    require(this.nodes <= MOST_NODES, "TOO-LONG");
    require(this.days.size <= MOST_DAYS, "TOO-MANY-DATES");
    require(this.amounts.size <= MOST_AMOUNTS, "TOO-MANY-PERIODS");
    require(this.reads, "UNCONDITIONAL");
  }

  /** @param {any} part @param {boolean} inTime */
  part(part, inTime) {
    this.nodes += 1;
    if (typeof part === "string") this.text(part, inTime);
    else if (Array.isArray(part)) {
      require(part.length <= MOST_ITEMS, "LIST-TOO-LONG");
      for (const one of part) this.part(one, false);
    } else if (isObject(part)) {
      const [name] = Object.keys(part);
      this.operation(name, part[name], inTime);
    }
  }

  /** @param {string} name @param {any} values @param {boolean} inTime */
  operation(name, values, inTime) {
    require(name !== "extractFromUVCI", "CERTIFICATE-IDENTIFIER");
    require(name !== "dccDateOfBirth", "BIRTH-DATE");
    if (name === "var") this.path(values, inTime);
    else if (name === "plusTime") {
      this.part(values[0], true);
      this.amount(values);
    } else for (const one of values) this.part(one, false);
  }

  /** @param {any} values of plusTime */
  amount([operand, amount, unit]) {
    if (amount === 0) return;
    this.amounts.add(`${amount} ${unit}`);
    require(typeof operand !== "string", "DATE-MOVED");
    require(Math.abs(amount) < MOST_AMOUNT, "NUMBER");
    require(this.spans.includes(`${Math.abs(amount)} ${unit}`), "PERIOD");
  }

  /** @param {string} text @param {boolean} inTime */
  text(text, inTime) {
    if (!inTime) {
      require(!TIME.test(text), "DATE-COMPARED");
      requireCode(text);
      return;
    }
    this.days.add(text);
    require(DAY.test(text), "TIME-OF-DAY");
  }

  /** @param {string} path @param {boolean} inTime */
  path(path, inTime) {
    const parts = (path.startsWith("data.") ? path.slice(5) : path).split(".");
    require(!parts.some((one) => SUBJECTS.includes(one)), "SUBJECT");
    const named = VALUE_SET.exec(path);
    if (path === CLOCK) require(inTime, "DATE-COMPARED");
    else if (named) require(this.tables.includes(named[1]), "VALUE-SET");
    else if (path !== "accumulator") {
      this.reads = true;
      this.fact(parts, inTime);
    }
  }

  /** @param {string[]} parts a path into the payload @param {boolean} inTime */
  fact(parts, inTime) {
    const [first, second, ...rest] = parts;
    if (first === "payload" && Object.keys(CODES).includes(second)) {
      require(rest.length <= 2 && (rest.length === 0 || EVENT.test(rest[0])), "UNKNOWN-FIELD");
      if (rest.length === 2) this.field(second, rest[1], inTime);
      return;
    }
    require(first === "current" && rest.length === 0, "UNKNOWN-FIELD");
    if (second !== undefined && second !== "0" && second !== "1") this.field(this.group, second, inTime);
  }

  /** @param {string} group @param {string} name @param {boolean} inTime */
  field(group, name, inTime) {
    if (DATES[group].includes(name)) require(inTime, "DATE-COMPARED");
    else require(CODES[group].includes(name) && !inTime, "UNKNOWN-FIELD");
  }
}
