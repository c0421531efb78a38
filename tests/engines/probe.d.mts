export function probe(binary: string, flag: string): { auto: string; relaxed: string; refusal: string };
