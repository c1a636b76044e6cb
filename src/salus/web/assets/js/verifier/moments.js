/**
 * Date-times of CertLogic: whole milliseconds from 1970 in UTC. The same as `salus.rules.certlogic.moments`, refusals
 * too; what a browser's own Date would read generously is refused here.
 */

import { require } from "./refused.js";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const DATE = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$/;
const DATE_TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:Z|([+-])([0-9]{1,2}):?([0-9]{2})?)?$/;
const UNITS = ["year", "month", "day", "hour"];

/** A date-time. Nothing but plusTime and dccDateOfBirth makes one, and nothing but comparisons takes one. */
export class Moment {
  /** @param {number} milliseconds */
  constructor(milliseconds) {
    this.milliseconds = milliseconds;
  }
}

/** @param {unknown} unit @returns {unit is string} */
export function isUnit(unit) {
  return typeof unit === "string" && UNITS.includes(unit);
}

/**
 * Read YYYY-MM-DD; of YYYY-MM and YYYY, which birth dates may be, the last day.
 *
 * @param {unknown} text
 */
export function parseDate(text) {
  const found = typeof text === "string" ? DATE.exec(text) : null;
  require(found, "not a date");
  const [year, month] = [Number(found[1]), Number(found[2] || 12)];
  return moment(year, month, found[3] ? Number(found[3]) : daysIn(year, month));
}

/**
 * Read a date-time in one of the specification's formats; without an offset it is in UTC. Dates are midnight.
 *
 * @param {unknown} text
 */
export function parseMoment(text) {
  const found = typeof text === "string" ? DATE_TIME.exec(text) : null;
  if (found === null) return parseDate(text);
  const [hour, minute, second] = [Number(found[4]), Number(found[5]), Number(found[6])];
  const [hours, minutes] = [Number(found[9] || 0), Number(found[10] || 0)];
  require(hour < 24 && minute < 60 && second < 60 && hours < 24 && minutes < 60, "not a time of day");
  const offset = (hours * 60 + minutes) * (found[8] === "-" ? -60_000 : 60_000);
  const fraction = Number((found[7] || "").padEnd(3, "0").slice(0, 3));
  const day = moment(Number(found[1]), Number(found[2]), Number(found[3]));
  return bounded(day.milliseconds + hour * HOUR + minute * 60_000 + second * 1000 + fraction - offset);
}

/**
 * Add an amount. Of a month that is too short for the day the last day is taken.
 *
 * @param {Moment} start
 * @param {number} amount
 * @param {string} unit
 */
export function plus({ milliseconds }, amount, unit) {
  if (unit === "day" || unit === "hour") return bounded(milliseconds + amount * (unit === "day" ? DAY : HOUR));
  const date = new Date(milliseconds);
  const months = date.getUTCFullYear() * 12 + date.getUTCMonth() + amount * (unit === "year" ? 12 : 1);
  const [year, month] = [Math.floor(months / 12), months - Math.floor(months / 12) * 12 + 1];
  const inDay = milliseconds - Math.floor(milliseconds / DAY) * DAY;
  return new Moment(moment(year, month, Math.min(date.getUTCDate(), daysIn(year, month))).milliseconds + inDay);
}

/** @param {number} year @param {number} month */
function daysIn(year, month) {
  require(year >= 1000 && year <= 9999 && month >= 1 && month <= 12, "not a month of four-digit years");
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** @param {number} year @param {number} month @param {number} day */
function moment(year, month, day) {
  require(day >= 1 && day <= daysIn(year, month), "not a day that its month has");
  return new Moment(Date.UTC(year, month - 1, day));
}

const FIRST = Date.UTC(1000, 0, 1);
const LAST = Date.UTC(9999, 11, 31) + DAY - 1;

/** @param {number} milliseconds */
function bounded(milliseconds) {
  require(milliseconds >= FIRST && milliseconds <= LAST, "beyond the years of four digits");
  return new Moment(milliseconds);
}
