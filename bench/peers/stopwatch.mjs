/** Times of runs, on machines that others use too. */

/**
 * Milliseconds of one run. On a busy machine the system takes the core away in the middle of a run and the clock measures the neighbours;
 * such a run counts the processor time that it had instead. Undisturbed, both are the same for a single thread.
 */
export async function time(run) {
  const stop = start();
  await run();
  return stop();
}

/** Begins a measurement of one thread; the function that comes back ends it. */
export function start() {
  const switches = process.resourceUsage().involuntaryContextSwitches;
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  return () => {
    const elapsed = performance.now() - begin;
    const { user, system } = process.cpuUsage(cpuBefore);
    if (process.resourceUsage().involuntaryContextSwitches === switches) return elapsed;
    return Math.min(elapsed, (user + system) / 1e3);
  };
}
