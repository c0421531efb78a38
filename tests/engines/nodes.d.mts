export const SWITCHES: Readonly<Record<20 | 22 | 24, readonly string[]>>;
export function findNode(major: number): string | undefined;
export function installNode(major: number, log: (text: string) => void): string;
