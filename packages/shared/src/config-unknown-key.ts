/** What is said of a key that nobody knows: the one that was most probably meant. */
import type { AnyObjectSchema, ConfigSchema } from './config-schema.ts';
import { quote } from './names.ts';
import { nearest } from './nearest.ts';

/** So many keys may be listed in one message. */
const LISTED_MAX = 12;

/** @param path of the map in which the key stands; '' at the top. */
export function unknownKey(
  root: AnyObjectSchema,
  schema: AnyObjectSchema,
  path: string,
  key: string,
): string {
  const whole = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const shown = /^[\w.-]+$/.test(key) ? whole(key) : `${quote(key)}${path === '' ? '' : ` in ${path}`}`;
  return `unknown key ${shown}; ${hint(root, schema, whole, key)}`;
}

function hint(
  root: AnyObjectSchema,
  schema: AnyObjectSchema,
  whole: (name: string) => string,
  key: string,
): string {
  if (key === '<<') return 'a map cannot be merged into another here, write its keys out';
  const places = [...placesOf(root, '')];
  // Written as the flag is.
  const flag = key.replace(/^--/, '');
  const meant = places.find(
    ({ path, option }) => path.includes('.') && (option === flag || path === flag.replaceAll('-', '_')),
  );
  if (meant !== undefined) return `write it as ${nested(meant.path)}`;
  const known = Object.keys(schema.keys);
  // Prometheus's `scrape_interval` and `job_name` are `interval` and `job`.
  const parts = new Set(key.split('_'));
  const near = nearest(key, known) ?? known.find((name) => parts.has(name));
  if (near !== undefined) return `did you mean ${whole(near)}?`;
  const elsewhere = places.filter(({ path }) => path.endsWith(`.${key}`));
  if (elsewhere.length === 1) return `did you mean ${elsewhere[0]?.path}?`;
  return `known here: ${knownKeys(schema)}`;
}

/** The keys that may stand in a map, or the first of them. */
export function knownKeys({ keys }: AnyObjectSchema): string {
  const names = Object.keys(keys);
  return names.slice(0, LISTED_MAX).join(', ') + (names.length > LISTED_MAX ? ', …' : '');
}

/** `spool.retention.time` is `spool: {retention: {time: …}}`. */
function nested(path: string): string {
  const keys = path.split('.');
  return `${keys.join(': {')}: …${'}'.repeat(keys.length - 1)}`;
}

interface Place {
  readonly path: string;
  readonly option: string | null;
}

/** Every key there is outside of lists, with the option that it sets. */
function* placesOf(schema: ConfigSchema, path: string): Generator<Place> {
  if (path !== '') yield { path, option: optionOf(schema) };
  if (schema.kind !== 'object') return;
  for (const [key, below] of Object.entries(schema.keys)) {
    if (key !== schema.self) yield* placesOf(below, path === '' ? key : `${path}.${key}`);
  }
}

function optionOf(schema: ConfigSchema): string | null {
  if (schema.kind === 'value') return schema.option;
  if (schema.kind === 'list' || schema.self === null) return null;
  const self = schema.keys[schema.self];
  return self?.kind === 'value' ? self.option : null;
}
