// The browser's storage, or an error where there is none: pages of the book put a stand-in for the theme in its place.

/** @returns {Storage} */
export function localStore() {
  return real(globalThis.localStorage);
}

/** @returns {Storage} */
export function sessionStore() {
  return real(globalThis.sessionStorage);
}

/** @param {Storage & { real?: () => Storage }} storage */
function real(storage) {
  const found = storage.real ? storage.real() : storage;
  if (!found) throw new Error("this browser has no storage for the page");
  return found;
}
