/**
 * Breaks frames for the fuzz tests, knowing their structure: most changes leave JSON that is JSON still, since anything
 * else never gets past the parser. A frame is a tree whose leaves are text as it stands on the wire, so that it can hold
 * what no value of JavaScript can: keys that stand twice, `__proto__`, `1e999`.
 *
 * Three ways, from the mildest: `changeLeaf` leaves a frame valid but for one leaf, `breakFrame` changes its structure,
 * `breakBytes` does not care what it is.
 */
import type { Random } from './random.ts';

export type Tree =
  | { readonly kind: 'leaf'; text: string }
  | { readonly kind: 'array'; readonly items: Tree[] }
  | { readonly kind: 'object'; readonly entries: [key: string, value: Tree][] };

export function toTree(value: unknown): Tree {
  if (Array.isArray(value)) return { kind: 'array', items: value.map(toTree) };
  if (typeof value !== 'object' || value === null) return { kind: 'leaf', text: JSON.stringify(value) };
  return { kind: 'object', entries: Object.entries(value).map(([key, item]) => [key, toTree(item)]) };
}

export function toText(tree: Tree): string {
  if (tree.kind === 'leaf') return tree.text;
  if (tree.kind === 'array') return `[${tree.items.map(toText).join(',')}]`;
  return `{${tree.entries.map(([key, value]) => `${JSON.stringify(key)}:${toText(value)}`).join(',')}}`;
}

/** Numbers at which something ends. */
const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '0.5',
  '1e3',
  '1e999',
  '-1e999',
  '5e-324',
  '1e-400',
  '2147483648',
  '4294967296',
  '8640000000000000',
  '8640000000000001',
  '9007199254740990',
  '9007199254740991',
  '9007199254740992',
  '1795330306556',
  '1e21',
  '-9007199254740992',
  '0.1e1',
  '-1795330306556',
  '18446744073709551616',
  '1.7976931348623157e308',
  '0.1000000000000000055511151231257827',
];

/** Texts at which something ends, is escaped, or means something to someone. */
const TEXTS = [
  '',
  'NaN',
  '+Inf',
  '-Inf',
  'Inf',
  '0',
  'null',
  'web-1',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'hello',
  'batch',
  'leave',
  'gauge',
  'histogram',
  '_bucket',
  'le',
  'host',
  'instance',
  'job',
  'quantile',
  '__name__',
  'exported_host',
  'tributary_host_up',
  'tributary_reporter_x',
  'up',
  'node_load1',
  '_total',
  '_created',
  '_sum',
  '+inf',
  '1.0',
  '0x1p3',
  '# EOF',
  'a\n# EOF\n',
  'x"} 1\n# TYPE node_load1 counter\nnode_load1{a="',
  'a\nb',
  'a\rb',
  '\u0085\u2028',
  '\ufeff',
  '\u2066a\u2069',
  '\uffff',
  'ends in \\',
  '\0',
  '\u001b[2J',
  '\u202e',
  '\ud83d',
  '\ude00',
  '😀',
  '"\\',
  '{"a":1}',
];

const LENGTHS = [32, 33, 64, 65, 253, 254, 512, 513, 4096, 4097, 20_000];

const KEYS = [
  ...['kind', 'host', 'epoch', 'run', 'next', 'oldest', 'acked', 'delivered', 'clock', 'gaps', 'from', 'to'],
  ...['id', 'labels', 'families', 'series', 'name', 'type', 'help', 'seq', 'at', 'groups', 'shape', 'values'],
  ...['reason', 'code', 'message', 'limits', 'group', 'retryAfterMs', 'intervalMs', 'fromAt', 'toAt'],
  ...['__proto__', 'constructor', 'prototype', 'toJSON', 'length', '0', '', 'x', 'token'],
];

/** Any JSON, mostly small. */
function randomTree(random: Random, depth = 0): Tree {
  const choice = random.below(depth > 2 ? 4 : 7);
  if (choice === 0) return leaf(random.pick(NUMBERS));
  if (choice === 1) return leaf(JSON.stringify(random.pick(TEXTS)));
  if (choice === 2) return leaf(random.pick(['null', 'true', 'false', '[]', '{}']));
  if (choice === 3) return leaf(JSON.stringify(random.pick(TEXTS).padEnd(random.pick(LENGTHS), 'x')));
  if (choice === 4) {
    const depth = 1 + random.below(2000);
    return leaf('['.repeat(depth) + ']'.repeat(depth));
  }
  const count = random.below(4);
  if (choice === 5) {
    return { kind: 'array', items: Array.from({ length: count }, () => randomTree(random, depth + 1)) };
  }
  return {
    kind: 'object',
    entries: Array.from({ length: count }, () => [random.pick(KEYS), randomTree(random, depth + 1)]),
  };
}

function leaf(text: string): Tree {
  return { kind: 'leaf', text };
}

/** Every place of a tree, as a function that puts something else there. */
function placesOf(tree: Tree): { readonly node: Tree; put(other: Tree): void }[] {
  const places: ReturnType<typeof placesOf> = [];
  const visit = (node: Tree, put: (other: Tree) => void) => {
    places.push({ node, put });
    if (node.kind === 'array') {
      for (const [i, item] of node.items.entries()) visit(item, (other) => (node.items[i] = other));
    } else if (node.kind === 'object') {
      for (const entry of node.entries) visit(entry[1], (other) => (entry[1] = other));
    }
  };
  visit(tree, () => {});
  return places;
}

function changeNode(node: Tree, put: (other: Tree) => void, donors: readonly Tree[], random: Random): void {
  const choice = random.below(6);
  if (choice === 0) return put(randomTree(random));
  if (choice === 1) return put(structuredClone(random.pick(placesOf(random.pick(donors))).node));
  if (choice === 2) return put({ kind: 'array', items: [node] });
  if (node.kind === 'leaf') {
    node.text = random() < 0.5 ? random.pick(NUMBERS) : JSON.stringify(random.pick(TEXTS));
  } else if (node.kind === 'array') changeItems(node.items, random);
  else changeEntries(node.entries, random);
}

function changeItems(items: Tree[], random: Random): void {
  const at = random.below(items.length + 1);
  const choice = random.below(4);
  if (choice === 0) items.splice(at, 1);
  else if (choice === 1) items.splice(at, 0, randomTree(random));
  else if (choice === 2) items.reverse();
  else if (items.length > 0) {
    const repeated = random.pick(items);
    const times = random() < 0.02 ? 1100 : random.pick([1, 2, 64, 65]);
    for (let i = 0; i < times; i++) items.push(repeated);
  }
}

function changeEntries(entries: [string, Tree][], random: Random): void {
  const at = random.below(entries.length + 1);
  const entry = entries[at];
  const choice = random.below(5);
  if (choice === 0 || entry === undefined) entries.splice(at, 0, [random.pick(KEYS), randomTree(random)]);
  else if (choice === 1) entries.splice(at, 1);
  else if (choice === 2) entry[0] = random.pick(random() < 0.8 ? KEYS : TEXTS);
  else if (choice === 3) entries.push([entry[0], randomTree(random)]);
  else for (let i = 0; i < 70; i++) entries.push([`k${i}`, entry[1]]);
}

/** Characters that mean something to a JSON parser, or to nobody. */
const CHARACTERS = '{}[]",:\\0123456789-+.eEntfu \n\0\u001b\u007f\ud83d\udc00\ufeffé';

function changeText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + 1 + random.below(8));
  const choice = random.below(5);
  if (choice === 0) return text.slice(0, at);
  if (choice === 1) return text.slice(0, at) + text.slice(end);
  if (choice === 2) return text.slice(0, end) + text.slice(at);
  const character = random.pick(CHARACTERS.split(''));
  return text.slice(0, at) + character + text.slice(choice === 3 ? at : at + 1);
}

/** One broken frame: one to three changes to one of `texts`, which are all JSON. */
export function breakFrame(texts: readonly string[], random: Random): string {
  const donors = [random.pick(texts), random.pick(texts)].map((text) => toTree(JSON.parse(text)));
  const tree = donors[0] as Tree;
  const changes = 1 + random.below(3);
  for (let i = 0; i < changes; i++) {
    const { node, put } = random.pick(placesOf(tree));
    changeNode(node, put, donors, random);
  }
  const text = toText(tree);
  return random() < 0.15 ? changeText(text, random) : text;
}

/** The same frame but for one leaf or one key, mostly of the same type, so that it gets past the first check. */
export function changeLeaf(text: string, random: Random): string {
  const tree = toTree(JSON.parse(text));
  const leaves: (() => void)[] = [];
  for (const { node } of placesOf(tree)) {
    if (node.kind === 'leaf') leaves.push(() => (node.text = otherLeaf(node.text, random)));
    else if (node.kind === 'object') {
      for (const entry of node.entries) {
        // Few frames survive another key where one is needed; those of labels may be anything.
        if (!KEYS.includes(entry[0]) || random() < 0.05) leaves.push(() => (entry[0] = random.pick(TEXTS)));
      }
    }
  }
  if (leaves.length > 0) random.pick(leaves)();
  return toText(tree);
}

function otherLeaf(text: string, random: Random): string {
  const choice = random();
  if (choice < 0.1) return toText(randomTree(random, 3));
  if (text.startsWith('"')) {
    const value = String(JSON.parse(text));
    if (choice < 0.2) return JSON.stringify(value.padEnd(random.pick(LENGTHS), 'x'));
    return JSON.stringify(choice < 0.7 ? random.pick(TEXTS) : changeText(value, random));
  }
  const number = Number(text);
  if (choice < 0.6 || Number.isNaN(number)) return random.pick(NUMBERS);
  return String(number + random.pick([1, -1, 0.5, 60_000, -60_000, 3_600_000]));
}

/** Changes that know nothing of text: bits flipped, bytes cut out, doubled or replaced, two frames grown together. */
export function breakBytes(text: string, other: string, random: Random): Buffer {
  const bytes = Buffer.from(text);
  const at = random.below(bytes.length + 1);
  switch (random.below(5)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      for (let i = random.below(3); i >= 0; i--) {
        const place = random.below(flipped.length);
        flipped[place] = (flipped[place] ?? 0) ^ (1 << random.below(8));
      }
      return flipped;
    }
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(other).subarray(random.below(other.length + 1)),
      ]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(bytes.length + 1))]);
    default:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256))),
        bytes.subarray(at),
      ]);
  }
}
