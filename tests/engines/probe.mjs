/** Asks an engine, a Node with switches, which flavours it is trusted with. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { root } from '../hosts/context.mjs';

/** `auto`: the flavour it takes by itself. `relaxed`: its lowering, or the code of the refusal; `refusal`: the words of that. */
export function probe(binary, flag) {
  const args = [...(flag === '' ? [] : [flag]), '--import', 'tsx', fileURLToPath(new URL('ask.ts', import.meta.url))];
  return JSON.parse(execFileSync(binary, args, { cwd: root, encoding: 'utf8' }));
}
