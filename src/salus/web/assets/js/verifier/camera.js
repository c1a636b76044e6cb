/** Look for a code in pictures: frames of the camera, or a file. Nothing that was seen is kept. */

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

const EVERY_MS = 120;
const WIDTH = 1280;

/** Load the reader from this node, so that a scan needs nothing more. @param {string} address of the wasm file */
export async function loadReader(address) {
  await prepareZXingModule({ overrides: { locateFile: () => address }, fireImmediately: true });
}

/** @param {Blob | ImageData} picture @returns {Promise<string | null>} the text of the first QR code in it */
export async function textIn(picture) {
  const found = await readBarcodes(picture, { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 });
  return found.length > 0 && found[0].isValid ? found[0].text : null;
}

/** The camera, while it looks. */
export class Camera {
  /** @param {HTMLVideoElement} video @param {(text: string) => void} found */
  constructor(video, found) {
    this.video = video;
    this.found = found;
    /** @type {MediaStream | null} */
    this.stream = null;
  }

  async start() {
    const wanted = { video: { facingMode: "environment", width: { ideal: WIDTH } } };
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    this.stream = stream;
    this.video.srcObject = stream;
    await this.video.play();
    const canvas = document.createElement("canvas");
    while (this.stream === stream) {
      const text = await this.look(canvas);
      if (text !== null && this.stream === stream) {
        this.stop();
        this.found(text);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  /** @param {HTMLCanvasElement} canvas @returns {Promise<string | null>} */
  async look(canvas) {
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth === 0) return null;
    canvas.width = videoWidth;
    canvas.height = videoHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return null;
    context.drawImage(this.video, 0, 0);
    return textIn(context.getImageData(0, 0, videoWidth, videoHeight));
  }

  stop() {
    if (this.stream) for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }
}
