/** Grafana's dashboards as far as the tests look at them, and what Grafana puts in place of the variables in their queries. */
import { readFileSync } from 'node:fs';

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly instant: boolean;
  /** The shortest step, of which `$__rate_interval` is four. */
  readonly interval?: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly unknown[] };
    };
  };
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly multi: boolean;
  readonly allValue?: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly schemaVersion: number;
  readonly refresh: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly links: readonly { readonly url: string }[];
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export interface Query extends Target {
  readonly dashboard: string;
  readonly panel: string;
}

export function readDashboard(file: string): Dashboard {
  return JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
}

export function queriesOf({ uid, panels }: Dashboard): readonly Query[] {
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map((target) => ({ ...target, dashboard: uid, panel: title })),
  );
}

/** What is chosen: the values of a variable that takes several, or one. */
export type Choice = Readonly<Record<string, string | readonly string[]>>;

/**
 * Puts values in place of variables as Grafana does: several as a regular expression, escaped as for a string of PromQL;
 * one that stands for all (`allValue`) and one of a variable that takes no more than one as they are. Throws if it does not know one.
 */
export function substitute(expr: string, choice: Choice): string {
  const known: Choice = { __rate_interval: '1m', __interval: '15s', __range: '3600s', ...choice };
  return expr.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? '';
    const value = known[name];
    if (value === undefined) throw new Error(`$${name} in ${expr} is no variable`);
    return typeof value === 'string' ? value : alternatives(value);
  });
}

function alternatives(values: readonly string[]): string {
  const escaped = values.map((value) =>
    value.replaceAll('\\', '\\\\\\\\').replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&'),
  );
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
}

/** The selector and the label of a variable's `label_values(SELECTOR, LABEL)`. */
export function labelValues({ name, query }: Variable): {
  readonly selector: string;
  readonly label: string;
} {
  const text = typeof query === 'string' ? query : query.query;
  const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(text) ?? [];
  if (label === '') throw new Error(`$${name} asks for ${text}`);
  return { selector, label };
}

const WORDS = new Set([
  'and',
  'or',
  'unless',
  'on',
  'ignoring',
  'by',
  'without',
  'bool',
  'offset',
  'inf',
  'nan',
]);

/** Names of the metrics and of the recording rules that a query asks for. */
export function metricNames(expr: string): ReadonlySet<string> {
  const bare = expr
    .replace(/\{__name__=~"([^"]*)"\}/g, (_, names: string) => ` ${names.replaceAll('|', ' ')} `)
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right) *\([^)]*\)/g, ' ');
  const names = bare.matchAll(/[a-zA-Z_:][\w:]*(?! *\(|[\w:])/g);
  return new Set([...names].map(([name]) => name).filter((name) => !WORDS.has(name)));
}
