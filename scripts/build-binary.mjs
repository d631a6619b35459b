/**
 * `npm run build:binary`: the reporter as one executable file, with Node.js inside, in build/. It is Node's single executable
 * application: a copy of the Node that npm brought, into which one script and the addon of SQLite are put.
 *
 *   npm run build:binary                   build/tributary-reporter-linux-x64, or -arm64: that of this machine
 *   npm run build:binary -- FOLDER         somewhere else
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { ensureInstalled, repository, runScript, SetupError } from './ensure-installed.mjs';
import { nodeFlags } from './program.mjs';

const REPORTER = join(repository, 'packages/reporter');
const MODULES = join(repository, 'node_modules');
/** By which Node knows whether something was put into it; see its documentation of single executable applications. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** Packages that others ask for in a `try`, and go without. */
const NOT_THERE = ['bufferutil', 'utf-8-validate', 'osx-temperature-sensor'];

async function main() {
  const platform = `${process.platform}-${process.arch}`;
  const outdir = resolve(process.argv[2] ?? join(repository, 'build'));
  await ensureInstalled();
  // Not any Node: one of a distribution may need libraries of that distribution.
  const node = join(MODULES, `node-${platform}/bin/node`);
  if (!fs.existsSync(node)) throw new SetupError(`npm brings no Node.js to build from for ${platform}`);
  fs.mkdirSync(outdir, { recursive: true });
  // Beside the result, which is then moved in one step: a reporter that runs from the old one goes on.
  const work = fs.mkdtempSync(join(outdir, '.work-'));
  try {
    const script = join(work, 'reporter.cjs');
    const packages = await bundle(script);
    const blob = prepareBlob(node, work, script, join(MODULES, `better-sqlite3/prebuilds/${platform}.node`));
    const made = join(work, 'made');
    fs.copyFileSync(node, made);
    await inject(made, blob);
    fs.chmodSync(made, 0o755);
    const target = join(outdir, `tributary-reporter-${platform}`);
    fs.writeFileSync(`${target}.licenses.txt`, licensesOf([...packages, `node-${platform}`]));
    fs.renameSync(made, target);
    const megabytes = (fs.statSync(target).size / 1e6).toFixed(1);
    process.stdout.write(`${relative(process.cwd(), target)}: ${megabytes} MB\n`);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
  return 0;
}

/**
 * All sources as one script. It has to be CommonJS, in which `import()` would look for files: so what is loaded late is in
 * the script as well, and runs when it is asked for. Names are kept, for a stack that a user sends is read by people.
 * @returns the packages that are in it
 */
async function bundle(outfile) {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    entryPoints: [join(REPORTER, 'src/one-file/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    conditions: ['tributary-source'],
    supported: { 'dynamic-import': false },
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    external: NOT_THERE,
    plugins: [versionPlugin],
    // In files that are found beside the running one, which is not asked for here: see one-file/main.ts.
    logOverride: { 'empty-import-meta': 'silent' },
    logLevel: 'warning',
    metafile: true,
  });
  const names = Object.keys(metafile.inputs).map(
    (path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1],
  );
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/** The version stands in package.json, which version.ts reads at run time. */
const versionPlugin = {
  name: 'version',
  setup(build) {
    build.onLoad({ filter: /\/packages\/reporter\/src\/version\.ts$/ }, () => {
      const { version } = JSON.parse(fs.readFileSync(join(REPORTER, 'package.json'), 'utf8'));
      return { contents: `export const VERSION = ${JSON.stringify(version)};`, loader: 'js' };
    });
  },
};

/** What Node finds in itself when it starts. */
function prepareBlob(node, work, script, addon) {
  const sha256 = join(work, 'sha256');
  fs.writeFileSync(sha256, createHash('sha256').update(fs.readFileSync(addon)).digest('hex'));
  const output = join(work, 'reporter.blob');
  const config = {
    main: script,
    output,
    disableExperimentalSEAWarning: true,
    execArgv: nodeFlags('reporter'),
    // NODE_OPTIONS of the host are for the Node programs that its owner knows of.
    execArgvExtension: 'none',
    assets: { 'better_sqlite3.node': addon, 'better_sqlite3.sha256': sha256 },
  };
  const configFile = join(work, 'sea.json');
  fs.writeFileSync(configFile, JSON.stringify(config));
  const { status, stderr } = spawnSync(node, ['--experimental-sea-config', configFile], { encoding: 'utf8' });
  if (status !== 0) throw new SetupError(`node --experimental-sea-config failed: ${stderr}`);
  return output;
}

async function inject(file, blob) {
  const { inject: put } = (await import('postject')).default;
  // It warns, by console.log, of sections of Node that have no name.
  const { log, warn, error } = console;
  Object.assign(console, { log() {}, warn() {}, error() {} });
  try {
    await put(file, 'NODE_SEA_BLOB', fs.readFileSync(blob), { sentinelFuse: FUSE });
  } finally {
    Object.assign(console, { log, warn, error });
  }
}

/** Whoever passes on the file passes these on with it. */
function licensesOf(packages) {
  return packages
    .map((name) => {
      const folder = join(MODULES, name);
      const { version, license } = JSON.parse(fs.readFileSync(join(folder, 'package.json'), 'utf8'));
      const texts = fs
        .readdirSync(folder)
        .filter((file) => /^licen[cs]e/i.test(file))
        .map((file) => fs.readFileSync(join(folder, basename(file)), 'utf8').trim());
      return [`${name} ${version} (${license})`, ...texts].join('\n\n');
    })
    .join(`\n\n${'-'.repeat(80)}\n\n`)
    .concat('\n');
}

await runScript(main);
