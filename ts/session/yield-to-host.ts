/** Lets the host do other things between two steps, without the milliseconds that nested timers cost in browsers. */

interface MaybeImmediate {
  readonly setImmediate?: (callback: () => void) => unknown;
}

/** Not by scheduler.yield(): what comes after it goes before timers and messages, so that in Chromium they waited for the end of all the work, an abort among them. */
export function yieldToHost(): Promise<void> {
  const { setImmediate } = globalThis as MaybeImmediate;
  if (typeof setImmediate === 'function') return new Promise((resolve) => void setImmediate(resolve));
  if (typeof MessageChannel === 'function') return throughChannel();
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function throughChannel(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
