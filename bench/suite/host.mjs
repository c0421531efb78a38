/** Where this runs. */
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

export function hostFacts() {
  return {
    host: `node ${process.versions.node}`, nodeMajor: Number(process.versions.node.split('.')[0]), engine: `V8 ${process.versions.v8}`, cpu: cpuName(), arch: process.arch,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** A virtual machine may show the brand only, so family and model are added where Linux tells them on x86. */
export function cpuName() {
  const brand = cpus()[0]?.model.trim() ?? 'unknown';
  const facts = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const [family, model] = [/^cpu family\s*: (\d+)/m, /^model\s*: (\d+)/m].map((pattern) => pattern.exec(facts)?.[1]);
  return family === undefined || model === undefined ? brand : `${brand} family ${family} model ${model}`;
}
