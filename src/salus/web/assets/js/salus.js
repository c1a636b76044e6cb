// Everything here is a convenience on top of pages that work without it.

import { offerPasskeys } from "./passkey.js";
import { offerPrinting } from "./print.js";
import { announceTrouble, sendOnce } from "./forms.js";

offerPasskeys(document);
offerPrinting(document);
announceTrouble(document);
sendOnce(document);
