/** The bundle of a SMART Health Card: the vaccinations and tests in it, exactly as `salus.codec.foreign` reads them. */

import { require } from "./refused.js";

const MOST_ENTRIES = 32;
const MOST_TEXT = 120;
const WHEN = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})?)?$/;
const BORN = /^([0-9]{4}(-[0-9]{2}){0,2})?$/;
const FINAL = ["final", "amended", "corrected"];
const LABELS = "https://smarthealth.cards/ial";

/** @typedef {import("./hcert.js").Event} Event */

/** @param {any} bundle @returns {Event[]} */
export function readBundle(bundle) {
  require(isObject(bundle) && bundle.resourceType === "Bundle" && bundle.type === "collection", "a collection");
  const { entry } = bundle;
  require(Array.isArray(entry) && entry.length >= 2 && entry.length <= MOST_ENTRIES, "some entries");
  const resources = entry.map(resource);
  const patients = resources.filter((one) => one.resourceType === "Patient");
  require(patients.length === 1 && resources[0] === patients[0], "one patient, and first");
  holder(patients[0]);
  return resources.slice(1).map(event);
}

/** @param {any} value @returns {boolean} */
function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** @param {any} entry @param {number} place @returns {any} */
function resource(entry, place) {
  require(isObject(entry) && entry.fullUrl === `resource:${place}`, "numbered from 0");
  const found = entry.resource;
  require(isObject(found) && typeof found.resourceType === "string", "a resource");
  if ("meta" in found) labels(found.meta);
  return found;
}

/** @param {any} meta */
function labels(meta) {
  const found = isObject(meta) && Object.keys(meta).length === 1 ? meta.security : null;
  require(Array.isArray(found) && found.length > 0, "how its subject was identified, and nothing else");
  for (const label of found) {
    require(isObject(label) && /^IAL[1-3](\.[0-9])?$/.test(String(label.code)), "an identity assurance level");
    require(!("system" in label) || label.system === LABELS, "an identity assurance level");
  }
}

/** @param {any} patient */
function holder(patient) {
  const name = Array.isArray(patient.name) && isObject(patient.name[0]) ? patient.name[0] : {};
  const given = "given" in name ? name.given : [];
  const born = "birthDate" in patient ? patient.birthDate : "";
  require(Array.isArray(given) && typeof born === "string" && BORN.test(born), "a name and a birth date");
  text(given.map(text).join(" "));
  text("family" in name ? name.family : "text" in name ? name.text : "");
}

/** @param {any} found @returns {Event} */
function event(found) {
  if (found.resourceType === "Immunization") {
    require(found.status === "completed", "completed");
    if ("lotNumber" in found) text(found.lotNumber);
    return made("vaccination", found.vaccineCode, found.occurrenceDateTime, "");
  }
  require(found.resourceType === "Observation" && FINAL.includes(found.status), "final");
  const value = found.valueCodeableConcept;
  const isThere = value !== undefined && value !== null;
  const result = () => (isThere ? code(value) : text(found.valueString));
  return made("test", found.code, found.effectiveDateTime, result());
}

/** @param {string} kind @param {any} concept @param {any} when @param {string} result @returns {Event} */
function made(kind, concept, when, result) {
  require(typeof when === "string" && WHEN.test(when), "a date, or a date and a time");
  return { kind, target: code(concept), on: when, detail: new Map([["result", result]]) };
}

/** @param {any} concept @returns {string} */
function code(concept) {
  const first = isObject(concept) && Array.isArray(concept.coding) ? concept.coding[0] : null;
  require(isObject(first) && text(first.code) !== "" && text(first.system) !== "", "a code and its system");
  return `${first.system}|${first.code}`;
}

/** @param {any} value @returns {string} */
function text(value) {
  require(typeof value === "string" && Array.from(value).length <= MOST_TEXT, "a text, and not a long one");
  return value;
}
