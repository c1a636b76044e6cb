/** Look for a code in pictures: frames of the camera, or a file. Nothing that was seen is kept. */

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

const EVERY_MS = 120;
const WIDTH = 1280;
const OPAQUE = 0xff000000;
const GREY = 0x010101;
/** Formats of cameras in which the first plane is the brightness of each point. */
const BRIGHTNESS_FIRST = ["I420", "I420A", "NV12", "I422", "I444"];

/** Load the reader from this node, so that a scan needs nothing more. @param {string} address of the wasm file */
export async function loadReader(address) {
  await prepareZXingModule({ overrides: { locateFile: () => address }, fireImmediately: true });
}

const CAREFULLY = { tryHarder: true };
const QUICKLY = { tryHarder: false, tryRotate: false, tryInvert: false, tryDownscale: false };

/**
 * @param {Blob | ImageData} picture
 * @param {object} how
 * @returns {Promise<string | null>} the text of the first QR code in it
 */
export async function textIn(picture, how = CAREFULLY) {
  const found = await readBarcodes(picture, { formats: ["QRCode"], maxNumberOfSymbols: 1, ...how });
  return found.length > 0 && found[0].isValid ? found[0].text : null;
}

/** @typedef {{ points: Uint8Array, stride: number, width: number, height: number }} Plane the brightness of each point */

/** @param {ImageData} picture @param {number} width @param {number} height @returns {ImageData} it, or one of that size */
function sized(picture, width, height) {
  return picture.width === width && picture.height === height ? picture : new ImageData(width, height);
}

/** @param {Plane} plane @param {ImageData} before what may be written over @returns {ImageData} */
function whole({ points, stride, width, height }, before) {
  const picture = sized(before, width, height);
  const to = new Uint32Array(picture.data.buffer);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) to[row * width + column] = OPAQUE | (points[row * stride + column] * GREY);
  }
  return picture;
}

/**
 * Half as wide and high: a code that is held near enough is found in a quarter of the time.
 *
 * @param {Plane} plane
 * @param {ImageData} before what may be written over
 * @returns {ImageData}
 */
function reduced({ points, stride, width, height }, before) {
  const [across, down] = [width >> 1, height >> 1];
  const picture = sized(before, across, down);
  const to = new Uint32Array(picture.data.buffer);
  for (let row = 0; row < down; row++) {
    let at = 2 * row * stride;
    for (let column = 0; column < across; column++, at += 2) {
      const mean = (points[at] + points[at + 1] + points[at + stride] + points[at + stride + 1]) >> 2;
      to[row * across + column] = OPAQUE | (mean * GREY);
    }
  }
  return picture;
}

/** The camera, while it looks. */
export class Camera {
  /** @param {HTMLVideoElement} video @param {(text: string) => void} found */
  constructor(video, found) {
    this.video = video;
    this.found = found;
    /** @type {MediaStream | null} */
    this.stream = null;
    this.planes = new Uint8Array(0);
    this.half = new ImageData(1, 1);
    this.whole = new ImageData(1, 1);
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
    const plane = await this.brightness().catch(() => null);
    if (plane) {
      this.half = reduced(plane, this.half);
      const text = await textIn(this.half, QUICKLY);
      if (text !== null) return text;
      this.whole = whole(plane, this.whole);
      return textIn(this.whole);
    }
    canvas.width = videoWidth;
    canvas.height = videoHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return null;
    context.drawImage(this.video, 0, 0);
    return textIn(context.getImageData(0, 0, videoWidth, videoHeight));
  }

  /**
   * Take a frame's brightness as the camera gave it. To draw a frame and to read it back costs far more, and is only
   * needed where a browser does not hand frames out, or in a format of colours.
   *
   * @returns {Promise<Plane | null>}
   */
  async brightness() {
    if (!("VideoFrame" in window)) return null;
    const frame = new VideoFrame(this.video);
    try {
      if (!frame.visibleRect || !BRIGHTNESS_FIRST.includes(frame.format || "")) return null;
      const { width, height } = frame.visibleRect;
      const size = frame.allocationSize();
      if (this.planes.length !== size) this.planes = new Uint8Array(size);
      const [{ offset, stride }] = await frame.copyTo(this.planes);
      return { points: this.planes.subarray(offset), stride, width, height };
    } finally {
      frame.close();
    }
  }

  stop() {
    if (this.stream) for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }
}
