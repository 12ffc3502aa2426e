const LONGEST_MS = 500;

/** Does something when the browser has time for it, which isn't long. */
export function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) {
    window.requestIdleCallback(work, { timeout: LONGEST_MS });
  } else {
    setTimeout(work, LONGEST_MS); // not every Safari has idle callbacks
  }
}
