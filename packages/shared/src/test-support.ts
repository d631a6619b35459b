/** The fixtures, and decoded frames in the form in which these hold them. For tests only, of both ends. */
// biome-ignore lint/style/noRestrictedImports: never loaded by a program; it reads the fixtures for tests.
import { readFileSync } from 'node:fs';
import { encodeBatchFrame, encodeFrame, encodeGroup, encodeShapeBody, encodeShapeFrame } from './encode.ts';
import type { Batch, GatewayFrame, Group, ReporterFrame, ShapeFrame } from './frames.ts';

/** One item of a fixture file; fixtures/README.md says what each field is. */
export interface Fixture {
  readonly name: string;
  readonly text: string;
  readonly exact?: true;
  readonly frame?: object | null;
  readonly error?: { readonly code: string; readonly message: string };
  readonly fault?: { readonly group?: number; readonly code: string; readonly message: string };
}

export function readFixtures(end: 'reporter' | 'gateway'): readonly Fixture[] {
  const url = new URL(`../fixtures/${end}-frames.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Fixture[];
}

/** A frame with its columns written as on the wire, and without the places where a fault would stand. */
export function toFixtureFrame(frame: ReporterFrame): object {
  if (frame.kind === 'shape') return { kind: frame.kind, id: frame.id, shape: frame.shape };
  if (frame.kind !== 'batch') return frame;
  const groups = frame.groups.map((group) => ({
    shape: group.shape,
    at: group.at,
    values: wireValues(group),
  }));
  return { ...frame, groups };
}

/** The values of a group without fault, as on the wire. */
export function wireValues(group: Group): (number | string | null)[] {
  return plainValues(group).map((value) => {
    if (value === null || Number.isFinite(value)) return value;
    return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  });
}

function plainValues({ column }: Group): (number | null)[] {
  if (column === null) throw new Error('a group with a fault has no values');
  return Array.from(column.values, (value, i) => (column.absent?.[i] === 1 ? null : value));
}

/** Encodes what was decoded, as a reporter would have. @throws Error for a frame with a fault in it. */
export function encodeReporterFrame(frame: ReporterFrame): string {
  if (frame.kind === 'shape') return encodeShape(frame);
  return frame.kind === 'batch' ? encodeBatch(frame) : encodeFrame(frame);
}

export function encodeGatewayFrame(frame: GatewayFrame): string {
  return encodeFrame(frame);
}

function encodeShape({ id, shape }: ShapeFrame): string {
  if (shape === null) throw new Error('a shape with a fault has no body');
  return encodeShapeFrame(id, encodeShapeBody(shape));
}

function encodeBatch({ seq, at, groups }: Batch): string {
  const texts = groups.map((group) =>
    encodeGroup(group.shape, plainValues(group), group.at === at ? undefined : group.at),
  );
  return encodeBatchFrame(seq, at, `[${texts.join(',')}]`);
}
