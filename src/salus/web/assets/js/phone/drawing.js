/** Draw a code of this telephone as a QR code at level M. */

import { correction, generate, mode } from "lean-qr";
import { toSvgPath } from "lean-qr/extras/svg";

const QUIET_ZONE = 4;

/** @param {Element} picture an SVG with a path for the ground and one for what is dark @param {string} text */
export function draw(picture, text) {
  const drawn = generate(text, { minCorrectionLevel: correction.M, maxCorrectionLevel: correction.M, modes: [mode.alphaNumeric] });
  const side = drawn.size + 2 * QUIET_ZONE;
  picture.setAttribute("viewBox", `${-QUIET_ZONE} ${-QUIET_ZONE} ${side} ${side}`);
  const [ground, dark] = picture.querySelectorAll("path");
  ground.setAttribute("d", `M${-QUIET_ZONE} ${-QUIET_ZONE}h${side}v${side}h${-side}z`);
  dark.setAttribute("d", toSvgPath(drawn));
}
