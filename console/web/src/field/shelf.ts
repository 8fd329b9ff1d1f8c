// Where everything that must survive a dead battery lies: IndexedDB, in two drawers.

import type { Entry, NewEntry, Shelf } from "./outbox";

const NAME = "wardwatch-field";

function ask<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

function settled(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("IndexedDB"));
  });
}

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= (() => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      // Numbers are never given twice, so that order and identity survive what was removed.
      request.result.createObjectStore("outbox", { keyPath: "n", autoIncrement: true });
      request.result.createObjectStore("kept");
    };
    return ask(request);
  })();
  return opened;
}

async function change<T>(drawer: string, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  // strict: on the disk before the officer is told that it is kept.
  const transaction = (await open()).transaction(drawer, "readwrite", { durability: "strict" });
  const done = settled(transaction);
  const result = await ask(work(transaction.objectStore(drawer)));
  await done;
  return result;
}

async function look<T>(drawer: string, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return ask(work((await open()).transaction(drawer).objectStore(drawer)));
}

/** The outbox's shelf. */
export const outboxShelf: Shelf = {
  async add(entries: NewEntry[]): Promise<void> {
    const transaction = (await open()).transaction("outbox", "readwrite", { durability: "strict" });
    const done = settled(transaction);
    for (const one of entries) transaction.objectStore("outbox").add(one);
    await done;
  },
  all: () => look("outbox", (store) => store.getAll() as IDBRequest<Entry[]>),
  put: async (entry) => void (await change("outbox", (store) => store.put(entry))),
  remove: async (numbers) => {
    const transaction = (await open()).transaction("outbox", "readwrite", { durability: "strict" });
    const done = settled(transaction);
    for (const n of numbers) transaction.objectStore("outbox").delete(n);
    await done;
  },
};

/** Small things kept by name: who signed in last, the last state, the map. */
export const kept = {
  get: <T>(key: string): Promise<T | undefined> => look("kept", (store) => store.get(key) as IDBRequest<T>),
  put: async (key: string, value: unknown): Promise<void> => {
    await change("kept", (store) => store.put(value, key));
  },
  remove: async (key: string): Promise<void> => {
    await change("kept", (store) => store.delete(key));
  },
  keys: (): Promise<string[]> => look("kept", (store) => store.getAllKeys() as IDBRequest<string[]>),
  /** Forget all of it; the outbox is another drawer. */
  clear: async (): Promise<void> => {
    await change("kept", (store) => store.clear());
  },
};
