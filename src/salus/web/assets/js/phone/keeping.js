/** What this telephone keeps: for each name that a node gave it a key that cannot be taken out, and the newest token. */

const STORE = "phones";

/**
 * `ahead` is by how many milliseconds the node's clock was ahead when it gave the token; `ends` is in its time.
 *
 * @typedef {{ phone: string, key: CryptoKey, token: Uint8Array<ArrayBuffer>, ends: number, ahead: number }} Kept
 */

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((done, failed) => {
    const asked = indexedDB.open("salus-code", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "phone" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} ask
 * @returns {Promise<T>}
 */
async function within(mode, ask) {
  const base = await open();
  try {
    return await new Promise((done, failed) => {
      const transaction = base.transaction(STORE, mode);
      const asked = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(asked.result);
      transaction.onabort = () => failed(transaction.error);
    });
  } finally {
    base.close();
  }
}

/** @returns {Promise<Kept[]>} */
export function all() {
  return within("readonly", (store) => store.getAll());
}

/** @param {Kept} one */
export function keep(one) {
  return within("readwrite", (store) => store.put(one));
}

/** @param {string} phone */
export function drop(phone) {
  return within("readwrite", (store) => store.delete(phone));
}
