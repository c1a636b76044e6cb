/** What this telephone keeps: for each name that a node gave it a key that cannot be taken out, and the newest token. */

/**
 * `ahead` is by how many milliseconds the node's clock was ahead when it gave the token; `ends` is in its time.
 *
 * @typedef {{ phone: string, key: CryptoKey, token: Uint8Array<ArrayBuffer>, ends: number, ahead: number }} Kept
 */

/**
 * A place in this browser for things that are kept by one of their fields.
 *
 * @template Thing
 * @param {string} name of the database
 * @param {string} store
 * @param {string} keyPath
 */
export function place(name, store, keyPath) {
  /** @returns {Promise<IDBDatabase>} */
  const open = () =>
    new Promise((done, failed) => {
      const asked = indexedDB.open(name, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(store, { keyPath });
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<T>} ask
   * @returns {Promise<T>}
   */
  const within = async (mode, ask) => {
    const base = await open();
    try {
      return await new Promise((done, failed) => {
        const transaction = base.transaction(store, mode);
        const asked = ask(transaction.objectStore(store));
        transaction.oncomplete = () => done(asked.result);
        transaction.onabort = () => failed(transaction.error);
      });
    } finally {
      base.close();
    }
  };

  return {
    /** @returns {Promise<Thing[]>} */
    all: () => within("readonly", (kept) => kept.getAll()),
    /** @param {Thing} one */
    keep: (one) => within("readwrite", (kept) => kept.put(one)),
    /** @param {string} key */
    drop: (key) => within("readwrite", (kept) => kept.delete(key)),
  };
}

/** @type {ReturnType<typeof place<Kept>>} */
const phones = place("salus-code", "phones", "phone");
export const { all, keep, drop } = phones;
