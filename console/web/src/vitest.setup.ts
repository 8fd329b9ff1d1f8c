// The words ask the browser which language was chosen, and Vue makes an element when it is loaded;
// here there is no browser.
Object.assign(globalThis, {
  localStorage: { getItem: () => null, setItem: () => undefined },
  document: { documentElement: {}, createElement: () => ({}) },
});
