/** What the documentation points to is there: files, headings, commands and flags. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'node:test';
import { OPTION_SPECS as GATEWAY } from '../packages/gateway/src/config.ts';
import { OPTION_SPECS as REPORTER } from '../packages/reporter/src/config.ts';
import { REPOSITORY } from './support/programs.ts';

const PAGES = globSync(['README.md', 'docs/*.md', 'packages/*/README.md'], { cwd: REPOSITORY });

const read = (page: string) => readFileSync(join(REPOSITORY, page), 'utf8');

/** As they are made of headings where Markdown is shown. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = read(page)
    .replace(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

test('links lead somewhere', () => {
  const broken: string[] = [];
  for (const page of PAGES) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', anchor = ''] = target.split('#');
      const file = path === '' ? page : relative(REPOSITORY, resolve(REPOSITORY, dirname(page), path));
      if (!existsSync(join(REPOSITORY, file))) broken.push(`${page}: ${target}`);
      else if (anchor !== '' && !anchorsOf(file).has(anchor)) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

test('pages that the sources name are there', () => {
  const sources = globSync('packages/*/src/**/*.ts', { cwd: REPOSITORY });
  const missing = sources.flatMap((source) =>
    [...read(source).matchAll(/\bdocs\/[A-Z]+\.md\b/g)]
      .filter(([page]) => !existsSync(join(REPOSITORY, page)))
      .map(([page]) => `${source}: ${page}`),
  );
  assert.deepEqual(missing, []);
});

/** Flags of options that both tables have in groups: `--limits.cpu-percent`, and not those of other programs. */
test('flags that are named exist', () => {
  const known = new Set([...Object.keys(GATEWAY), ...Object.keys(REPORTER)]);
  const groups = new Set([...known].map((name) => name.split('.')[0]));
  const unknown = PAGES.flatMap((page) =>
    [...read(page).matchAll(/--(?:no-)?([a-z]+(?:\.[a-z-]+)+)/g)]
      .filter(([, flag = '']) => groups.has(flag.split('.')[0]) && !isKnown(flag, known))
      .map(([flag]) => `${page}: ${flag}`),
  );
  assert.deepEqual(unknown, []);
});

/** Of Prometheus and node_exporter, and of `doctor`, which has flags of its own. */
const FOREIGN = [
  ...[/^storage\.tsdb/, /^web\.enable-(lifecycle|remote-write-receiver|admin-api)$/],
  ...[/^collector\.(powersupply|arp\.netlink|netdev\.netlink)/],
  /^gateway\.(username|password-file|ca-file)$/,
];

function isKnown(flag: string, known: ReadonlySet<string>): boolean {
  // `--storage.retention.*` and the like are groups.
  const isGroup = [...known].some((name) => name.startsWith(`${flag.replace(/[.-]$/, '')}.`));
  return known.has(flag) || isGroup || FOREIGN.some((pattern) => pattern.test(flag));
}
