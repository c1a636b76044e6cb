/**
 * CertLogic (EU DCC, specification 1.3), the language of acceptance rules. It agrees with `salus.rules.certlogic` on
 * every case, refusals too: where the specification leaves something open, both refuse.
 */

import { Moment, isUnit, parseDate, parseMoment, plus } from "./moments.js";
import { require } from "./refused.js";

export const MOST_DEPTH = 64;
const MOST_STEPS = 10_000;
export const PATH = /^[^.]+(\.[^.]+)*$/s;
const INDEX = /^(0|[1-9][0-9]{0,8})$/;

/** @typedef {{steps: number}} Count */
/** @typedef {(values: any[], value: (rule: any, data?: any) => any, name: string, data: any) => any} Operation */

/** @type {Record<string, (a: number, b: number) => boolean>} */
const NUMBERS = { ">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b };
/** @type {Record<string, (a: number, b: number) => boolean>} */
const MOMENTS = {
  after: (a, b) => a > b,
  before: (a, b) => a < b,
  "not-after": (a, b) => a <= b,
  "not-before": (a, b) => a >= b,
};

/** @type {Map<string, [Operation, number, number]>} */
const OPERATIONS = new Map([
  ["if", [when, 3, 3]],
  ["and", [and, 2, MOST_STEPS - 1]],
  ["!", [not, 1, 1]],
  ["===", [equal, 2, 2]],
  ["in", [among, 2, 2]],
  ["+", [add, 2, 2]],
  ["plusTime", [plusTime, 3, 3]],
  ["dccDateOfBirth", [birth, 1, 1]],
  ["reduce", [reduce, 3, 3]],
  ["extractFromUVCI", [extract, 2, 2]],
  .../** @type {[string, [Operation, number, number]][]} */ (
    Object.keys(NUMBERS).map((name) => [name, [compare, 2, 3]])
  ),
  .../** @type {[string, [Operation, number, number]][]} */ (
    Object.keys(MOMENTS).map((name) => [name, [compareMoments, 2, 3]])
  ),
]);

/** @param {string} name @param {number} count @returns {boolean} whether there is an operator that takes so many operands */
export function takes(name, count) {
  const found = OPERATIONS.get(name);
  return found !== undefined && count >= found[1] && count <= found[2];
}

/**
 * Return what a rule's expression says of data; both are parsed JSON, and so is the answer. Throws Refused for whatever
 * the specification does not define.
 *
 * @param {any} rule
 * @param {any} data
 * @returns {any}
 */
export function evaluate(rule, data) {
  const found = valueOf(rule, data, 0, { steps: 0 });
  require(!(found instanceof Moment), "a date-time is no answer");
  return found;
}

/** @param {any} rule @param {any} data @param {number} depth @param {Count} count @returns {any} */
function valueOf(rule, data, depth, count) {
  count.steps += 1;
  require(depth <= MOST_DEPTH && count.steps <= MOST_STEPS, "too deep, or too many steps");
  if (Array.isArray(rule)) {
    const items = rule.map((item) => valueOf(item, data, depth + 1, count));
    require(!items.some((item) => item instanceof Moment), "a list holds no date-times");
    return items;
  }
  if (typeof rule === "string" || typeof rule === "boolean") return rule;
  if (typeof rule === "number") return integer(rule);
  require(rule !== null && typeof rule === "object", "not an expression");
  const names = Object.keys(rule);
  require(names.length === 1, "an operation has one operator");
  const [name] = names;
  if (name === "var") return read(rule[name], data);
  const values = rule[name];
  require(Array.isArray(values), "operands in a list");
  const [operation, least, most] = OPERATIONS.get(name) || [when, 1, 0];
  require(values.length >= least && values.length <= most, "no such operator with so many operands");
  const value = (/** @type {any} */ one, /** @type {any} */ within = data) => valueOf(one, within, depth + 1, count);
  return operation(values, value, name, data);
}

/** @type {Operation} */
function when([guard, then, otherwise], value) {
  return value(truthy(value(guard)) ? then : otherwise);
}

/** @type {Operation} */
function and(values, value) {
  let found = null;
  for (const one of values) {
    found = value(one);
    if (!truthy(found)) break;
  }
  return found;
}

/** @type {Operation} */
function not([operand], value) {
  return !truthy(value(operand));
}

/** @type {Operation} */
function equal([a, b], value) {
  const [left, right] = [value(a), value(b)];
  return scalar(left) === scalar(right);
}

/** @type {Operation} */
function among([operand, list], value) {
  const [found, items] = [value(operand), value(list)];
  const wanted = scalar(found);
  if (items === null) return false; // the test suite wants this, though the specification calls it an error
  require(Array.isArray(items), "not a list");
  return items.some((item) => isScalar(item) && item === wanted);
}

/** @type {Operation} */
function add([a, b], value) {
  const [left, right] = [value(a), value(b)];
  return integer(integer(left) + integer(right));
}

/** @type {Operation} */
function compare(values, value, name) {
  const found = values.map((one) => integer(value(one)));
  return found.slice(1).every((right, place) => NUMBERS[name](found[place], right));
}

/** @type {Operation} */
function compareMoments(values, value, name) {
  const found = values.map((one) => value(one));
  require(found.every((one) => one instanceof Moment), "not a date-time");
  return found.slice(1).every((right, place) => MOMENTS[name](found[place].milliseconds, right.milliseconds));
}

/** @type {Operation} */
function plusTime([operand, amount, unit], value) {
  const start = parseMoment(value(operand));
  require(isUnit(unit), "not a unit of time");
  return plus(start, integer(amount), unit);
}

/** @type {Operation} */
function birth([operand], value) {
  return parseDate(value(operand));
}

/** @type {Operation} */
function reduce([operand, lambda, initial], value, _, data) {
  const items = value(operand);
  require(items === null || Array.isArray(items), "not a list");
  let found = value(initial);
  // a list that grew with each item could grow without bound
  for (const item of items || []) found = value(lambda, { current: item, accumulator: scalar(found), data });
  return found;
}

/** @type {Operation} */
function extract([operand, index], value) {
  const text = value(operand);
  const place = integer(index);
  if (text === null) return null;
  require(typeof text === "string", "not a certificate's identifier");
  const parts = (text.startsWith("URN:UVCI:") ? text.slice(9) : text).split(/[/#:]/);
  return place >= 0 && place < parts.length ? parts[place] : null;
}

/** @param {unknown} path @param {any} data @returns {any} */
function read(path, data) {
  if (path === "") return data;
  require(typeof path === "string" && PATH.test(path), "not a path");
  let found = data;
  for (const part of path.split(".")) {
    if (Array.isArray(found)) found = INDEX.test(part) && Number(part) < found.length ? found[Number(part)] : null;
    else if (found !== null && typeof found === "object") found = has(found, part) ? found[part] : null;
    else return null;
  }
  return found;
}

/** Own fields only: `constructor` is no field of data. @param {object} found @param {string} name */
function has(found, name) {
  return Object.prototype.hasOwnProperty.call(found, name);
}

/** @param {any} value */
function truthy(value) {
  require(!(value instanceof Moment), "a date-time is neither true nor false");
  if (Array.isArray(value)) return value.length > 0;
  if (value !== null && typeof value === "object") return Object.keys(value).length > 0;
  return Boolean(typeof value === "number" ? integer(value) : value);
}

/** @param {unknown} value */
function isScalar(value) {
  return value === null || ["string", "boolean"].includes(typeof value) || Number.isSafeInteger(value);
}

/** @param {any} value @returns {any} */
function scalar(value) {
  require(isScalar(value), "not a string, an integer, true, false or null");
  return value;
}

/** @param {any} value @returns {number} */
function integer(value) {
  require(Number.isSafeInteger(value), "not a whole number");
  return value;
}
