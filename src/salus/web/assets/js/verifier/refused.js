/** The one error of the verifier: something is not what it has to be. Its text is for developers and never shown. */
export class Refused extends Error {}

/**
 * @param {unknown} holds
 * @param {string} otherwise
 * @returns {asserts holds}
 */
export function require(holds, otherwise) {
  if (!holds) throw new Refused(otherwise);
}
