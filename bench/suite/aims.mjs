/** What a row has to reach, and whether it did. An aim is plain data; where it cannot be judged, it says why. */

/** The peers that an aim may mean by "the better of both", and how they are called in print. */
const WEB = ['litert', 'onnxruntime-web'];
const PEER_NAMES = { litert: 'LiteRT', 'onnxruntime-web': 'ORT', pytorch: 'PyTorch', tfjs: 'TensorFlow.js', best: 'the better of LiteRT and ORT' };

/**
 * At least `factor` times something: `of` is a peer's name, 'best' (the better of LiteRT and ORT), 'peak', or { row } (another row of ours) or { row, peer } (a peer's value there).
 * `on`: the major version of Node that it is meant for; without it, all. `intel`: another factor there.
 */
export function atLeast(factor, of, { on, intel } = {}) {
  return { kind: 'at least', factor, of, on, intel };
}

/** At most `limit`, in the row's unit. */
export function atMost(limit, { on } = {}) {
  return { kind: 'at most', limit, on };
}

/** The fastest of a row's peers with that name: a runtime may take part with two files. */
function valueOfPeer(row, name) {
  const names = name === 'best' ? WEB : [name];
  const values = (row?.peers ?? []).filter((peer) => names.includes(peer.name) && peer.value !== null).map(({ value }) => value);
  // The better of two is not known while one of them is missing.
  const missing = names.filter((one) => !(row?.peers ?? []).some((peer) => peer.name === one && peer.value !== null));
  return missing.length === 0 ? Math.max(...values) : null;
}

/** The value that an aim compares with, null if this run has none. */
function yardstick(row, of, find) {
  if (of === 'peak') return row.peak;
  if (typeof of === 'string') return valueOfPeer(row, of);
  return of.peer === undefined ? (find(of.row)?.value ?? null) : valueOfPeer(find(of.row), of.peer);
}

function nameOf(of, row) {
  if (of === 'peak') return `peak of ${row.peakOf ?? 'the engine'}`;
  if (typeof of === 'string') return `${PEER_NAMES[of] ?? of}${row.peerType === null ? '' : ` ${row.peerType ?? 'int8'}`}`;
  return of.peer === undefined ? `row ${of.row}` : `${PEER_NAMES[of.peer] ?? of.peer} in row ${of.row}`;
}

/** Aims that are meant for this host. */
export function aimsFor(aims, { nodeMajor }) {
  return aims.filter(({ on }) => on === undefined || on === nodeMajor);
}

/** { reach, got, reached }: what was to be reached in words, what was, and whether; `got` and `reached` are null where this run cannot say, and `because` has the reason. */
export function judge(aim, row, find, { cpu }) {
  if (aim.kind === 'at most') {
    const reach = `≤ ${aim.limit} ${row.unit}`;
    return row.value === null ? unjudged(reach, 'not measured') : { reach, got: row.value, reached: row.value <= aim.limit };
  }
  const factor = aim.intel !== undefined && /intel/i.test(cpu) ? aim.intel : aim.factor;
  const reach = `≥ ${factor} × ${nameOf(aim.of, row)}`;
  if (row.value === null) return unjudged(reach, 'not measured');
  const other = yardstick(row, aim.of, find);
  if (other === null) return unjudged(reach, typeof aim.of === 'object' ? `${aim.of.peer ?? 'that row'} is not in this run` : 'not in this run: npm run bench:peers');
  const got = row.value / other;
  return { reach, got, reached: got >= factor };
}

function unjudged(reach, because) {
  return { reach, got: null, reached: null, because };
}

/** The row with its aims judged. `reached`: all that could be judged were; null where there was none. */
export function judged(row, aims, find, host) {
  const verdicts = aimsFor(aims, host).map((aim) => judge(aim, row, find, host));
  const known = verdicts.filter(({ reached }) => reached !== null);
  return { ...row, aims: verdicts, reached: known.length === 0 ? null : known.every(({ reached }) => reached) };
}

/** The peer that a row is shown beside: the one its aims name, else the fastest in the web, else the fastest. */
export function mainPeer(peers, aims) {
  const able = peers.filter(({ value }) => value !== null);
  const named = aims.map(({ of }) => of).filter((of) => of in PEER_NAMES && of !== 'best');
  const groups = [able.filter(({ name }) => named.includes(name)), able.filter(({ name }) => WEB.includes(name)), able];
  const candidates = groups.find((group) => group.length > 0) ?? [];
  return candidates.reduce((best, peer) => (best === null || peer.value > best.value ? peer : best), null);
}
