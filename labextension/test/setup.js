// What browsers have and jsdom lacks.
if (typeof globalThis.structuredClone === 'undefined') {
  globalThis.structuredClone = value => JSON.parse(JSON.stringify(value));
}
