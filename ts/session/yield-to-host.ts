/** Lets the host do other things between two steps, without the milliseconds that nested timers cost in browsers. */

interface MaybeScheduler {
  readonly scheduler?: { readonly yield?: () => Promise<void> };
  readonly setImmediate?: (callback: () => void) => unknown;
}

export function yieldToHost(): Promise<void> {
  const { scheduler, setImmediate } = globalThis as MaybeScheduler;
  if (typeof setImmediate === 'function') return new Promise((resolve) => void setImmediate(resolve));
  if (typeof scheduler?.yield === 'function') return scheduler.yield();
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
