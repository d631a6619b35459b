/** Files that are made from what the programs have: schemas for editors, the reference for people, the reporter's unit. */
import {
  FILE_RULES as GATEWAY,
  ENV_PREFIX as GATEWAY_PREFIX,
  isLive as isLiveInGateway,
} from '../../packages/gateway/src/config.ts';
import {
  isLive as isLiveInReporter,
  FILE_RULES as REPORTER,
  ENV_PREFIX as REPORTER_PREFIX,
} from '../../packages/reporter/src/config.ts';
import { STATE_FOLDER, unitText } from '../../packages/reporter/src/service/unit.ts';
import { FILE_OPTION, fileKey } from '../../packages/shared/src/config-keys.ts';
import type { ConfigSchema, SchemaKeys } from '../../packages/shared/src/config-schema.ts';
import { jsonSchema } from '../../packages/shared/src/json-schema.ts';
import type { OptionSpec, OptionSpecs } from '../../packages/shared/src/options.ts';

/** For whoever installs the unit by hand, or by a package. */
const UNIT_COMMAND = [
  '/usr/bin/env',
  'tributary-reporter',
  '--config.file=/etc/tributary/reporter.yml',
  `--spool.path=${STATE_FOLDER}`,
];

/** By path in the repository. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const schema = (title: string, { specs, sections }: { specs: OptionSpecs; sections: SchemaKeys }) =>
    `${JSON.stringify(jsonSchema(title, specs, sections), null, 2)}\n`;
  return new Map([
    ['packages/gateway/gateway.schema.json', schema('Tributary gateway', GATEWAY)],
    ['packages/reporter/reporter.schema.json', schema('Tributary reporter', REPORTER)],
    ['docs/OPTIONS.md', reference()],
    ['deploy/systemd/tributary-reporter.service', unitText({ command: UNIT_COMMAND })],
  ]);
}

function reference(): string {
  const { specs, sections } = REPORTER;
  const isOfCollector = (name: string) => name.startsWith('collector.');
  return `# Options

Every option of both programs. This page is made from their tables by \`npm run generate\`; how flags, variables and keys belong
together, and what values look like, is in [CONFIGURATION.md](CONFIGURATION.md).

## Gateway

Each is also a variable: \`${GATEWAY_PREFIX}\`, and the flag in capitals with \`_\` for points and hyphens. Those with a ●, here and below, change with a reload.

${table(Object.entries(GATEWAY.specs), markOf(isLiveInGateway))}

## Reporter

Each is also a variable, of \`${REPORTER_PREFIX}\`.

${table(
  Object.entries(specs).filter(([name]) => !isOfCollector(name)),
  markOf(isLiveInReporter),
)}

## Collectors

What they tell is in [COLLECTORS.md](COLLECTORS.md). \`--no-collector.NAME\` switches one off.

${table(
  Object.entries(specs).filter(([name]) => isOfCollector(name) && !name.endsWith('.interval')),
  markOf(isLiveInReporter),
)}

\`--collector.NAME.interval DURATION\` (\`collectors: {NAME: {interval: …}}\`) has one run less often than the host is sampled, and changes with a reload as well.

## Targets

\`targets\` of the reporter's file is a list of maps with these keys; [TARGETS.md](TARGETS.md) tells the whole of it. All of it
changes with a reload.

| key | value | default | |
| --- | --- | --- | --- |
${Object.entries(sections)
  .flatMap(([, section]) => (section.kind === 'list' ? keyRows(section.item, '') : []))
  .join('\n')}
`;
}

const markOf = (isLive: (name: string) => boolean) => (name: string) => (isLive(name) ? ' ●' : '');

function table(options: readonly [string, OptionSpec<unknown>][], mark = (_name: string) => ''): string {
  const rows = options.map(([name, spec]) => {
    const flag = spec.placeholder === '' ? `--[no-]${name}` : `--${name} ${cell(spec.placeholder)}`;
    const key = name === FILE_OPTION ? '' : `\`${fileKey(name, spec)}\``;
    return `| \`${flag}\`${mark(name)} | ${key} | ${defaultOf(spec)} | ${cell(spec.help)} |`;
  });
  return ['| flag | key | default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function keyRows(schema: ConfigSchema, path: string): string[] {
  if (schema.kind === 'list') return keyRows(schema.item, `${path}[]`);
  if (schema.kind === 'value') {
    const { spec } = schema;
    const placeholder = spec.placeholder === '' ? 'true\\|false' : cell(spec.placeholder);
    return [`| \`${path}\` | ${placeholder} | ${defaultOf(spec)} | ${cell(spec.help)} |`];
  }
  return Object.entries(schema.keys).flatMap(([key, below]) =>
    keyRows(below, path === '' ? key : `${path}.${key}`),
  );
}

function defaultOf({ defaultText }: OptionSpec<unknown>): string {
  return defaultText === '' ? '' : `\`${cell(defaultText)}\``;
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
