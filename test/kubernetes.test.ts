/** The manifests: no cluster is here, so they are held against Kubernetes' types, one another, the images and the programs. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import type { DaemonSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Container, Probe } from 'kubernetes-types/core/v1.js';
import { parseMetricsQuery } from '../packages/gateway/src/http/metrics-query.ts';
import { optionsOf } from './support/deployment.ts';
import { readDockerfile } from './support/dockerfile.ts';
import { eventually } from './support/eventually.ts';
import {
  containersOf,
  type Manifest,
  manifest,
  mistakesOfTypes,
  readManifests,
} from './support/kubernetes.ts';
import { stablePort } from './support/ports.ts';
import { Gateway, REPOSITORY, Reporter } from './support/programs.ts';

const FOLDER = join(REPOSITORY, 'deploy/kubernetes');
const gateway = manifest('StatefulSet', 'tributary-gateway');
const reporter = manifest('DaemonSet', 'tributary-reporter');
const PROGRAMS = [
  { name: 'gateway', workload: gateway },
  { name: 'reporter', workload: reporter },
] as const;

/** The container of the program itself. */
function programOf(name: 'gateway' | 'reporter'): Container {
  const found = containersOf(name === 'gateway' ? gateway : reporter).find((each) => each.name === name);
  assert.ok(found);
  return found;
}

function probesOf({ startupProbe, livenessProbe, readinessProbe }: Container): readonly Probe[] {
  assert.ok(livenessProbe && readinessProbe);
  return [livenessProbe, readinessProbe, ...(startupProbe === undefined ? [] : [startupProbe])];
}

test('they are what Kubernetes’ own types say, and the check would see a wrong word', () => {
  assert.equal(mistakesOfTypes(readManifests()), '');
  const wrong = { ...structuredClone(gateway), path: 'wrong' } as StatefulSet & Manifest;
  Object.assign(wrong.spec?.template.spec?.containers[0] ?? {}, { livenessprobe: {} });
  assert.match(mistakesOfTypes([wrong]), /livenessprobe/);
});

test('each file is in the kustomization of its folder, and each that is named is there', () => {
  const all = readManifests();
  type Kustomization = Manifest & { resources: string[]; images?: { name: string }[] };
  const kustomizations = all.filter((each) => each.kind === 'Kustomization') as Kustomization[];
  assert.equal(kustomizations.length, 4);
  for (const { path, resources } of kustomizations) {
    const folder = dirname(join(REPOSITORY, path));
    for (const resource of resources) assert.ok(existsSync(join(folder, resource)), `${path}: ${resource}`);
    const files = readdirSync(folder).filter(
      (name) => name.endsWith('.yaml') && name !== 'kustomization.yaml',
    );
    assert.deepEqual(
      files.filter((name) => !resources.includes(name)),
      [],
      path,
    );
  }
  const images = kustomizations.flatMap((each) => each.images ?? []).map(({ name }) => name);
  for (const { workload } of PROGRAMS)
    for (const { image } of containersOf(workload)) assert.ok(images.includes(image ?? ''), image);
});

test('kubectl puts them together', {
  skip:
    spawnSync('kubectl', ['version', '--client']).status === 0
      ? false
      : 'there is no kubectl on this machine',
}, async () => {
  for (const folder of [FOLDER, join(FOLDER, 'prometheus-operator')]) {
    const { stdout } = await promisify(execFile)('kubectl', ['kustomize', folder]);
    assert.match(stdout, /^kind: /m);
  }
});

for (const { name, workload } of PROGRAMS) {
  test(`the ${name}: labels are selected, what is mounted is there, and it keeps its data where the image does`, () => {
    const labels = workload.spec?.template.metadata?.labels ?? {};
    for (const [key, value] of Object.entries(workload.spec?.selector.matchLabels ?? { none: '' }))
      assert.equal(labels[key], value);
    const pod = workload.spec?.template.spec;
    const claims = (workload as StatefulSet).spec?.volumeClaimTemplates ?? [];
    const volumes = [...(pod?.volumes ?? []), ...claims.map(({ metadata }) => ({ name: metadata?.name }))];
    for (const container of containersOf(workload))
      for (const mount of container.volumeMounts ?? [])
        assert.ok(
          volumes.some((volume) => volume.name === mount.name),
          `${container.name}: ${mount.name}`,
        );
    const image = readDockerfile(`deploy/docker/${name}.Dockerfile`);
    const mounted = programOf(name).volumeMounts?.map(({ mountPath }) => mountPath);
    assert.ok(mounted?.includes(image.last('VOLUME')?.[0] ?? ''));
    const { runAsUser, runAsGroup } = pod?.securityContext ?? {};
    assert.equal(image.last('USER')?.[0], `${runAsUser}:${runAsGroup}`);
  });

  test(`the ${name} knows what it is told`, () => {
    const { args = [], env = [] } = programOf(name);
    const image = readDockerfile(`deploy/docker/${name}.Dockerfile`);
    const variables = env.map(({ name, value }) => [name, value ?? 'from-a-field'] as const);
    const options = optionsOf(name, args, { ...image.env, ...Object.fromEntries(variables) });
    const { port = '' } = /:(?<port>\d+)$/.exec(String(options['web.listen-address']))?.groups ?? {};
    for (const { httpGet } of probesOf(programOf(name))) {
      const named = programOf(name).ports?.find((each) => each.name === httpGet?.port);
      assert.equal(named?.containerPort ?? httpGet?.port, Number(port));
    }
    const folders = programOf(name).volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
    const read = ['path.procfs', 'path.sysfs', 'path.rootfs'].map((option) => options[option]);
    if (name === 'reporter')
      assert.ok(
        read.every((folder) => folders.includes(String(folder))),
        `${read}`,
      );
  });

  test(`the ${name} is confined, and has bounds`, () => {
    const pod = workload.spec?.template.spec;
    assert.equal(pod?.automountServiceAccountToken, false);
    assert.equal(pod?.securityContext?.runAsNonRoot, true);
    assert.equal(pod?.securityContext?.seccompProfile?.type, 'RuntimeDefault');
    for (const { securityContext, resources, name } of containersOf(workload)) {
      assert.equal(securityContext?.allowPrivilegeEscalation, false, name);
      assert.equal(securityContext?.readOnlyRootFilesystem, true, name);
      assert.deepEqual(securityContext?.capabilities?.drop, ['ALL'], name);
      assert.ok(resources?.requests?.['cpu'] && resources.limits?.['memory'], name);
    }
    assert.deepEqual(programOf(name).securityContext?.capabilities, { drop: ['ALL'] });
  });
}

test('the reporter slows down by itself before it is killed for its memory', () => {
  const { args = [], resources } = programOf('reporter');
  const own = Number(optionsOf('reporter', args, {})['limits.memory']);
  const [, mebibytes] = /^(\d+)Mi$/.exec(resources?.limits?.['memory'] ?? '') ?? [];
  assert.ok(Number(mebibytes) * 2 ** 20 >= 1.25 * own, `${mebibytes} MiB for ${own}`);
});

test('the gateway has one writer, is reached by its service, and its first credential is made before it', () => {
  assert.equal(gateway.spec?.replicas, 1);
  const service = manifest('Service', 'tributary-gateway');
  assert.equal(gateway.spec?.serviceName, service.metadata?.name);
  // With a full disk it is not ready, and scrapes go on.
  assert.equal(service.spec?.publishNotReadyAddresses, true);
  const labels = gateway.spec?.template.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(service.spec?.selector ?? { none: '' }))
    assert.equal(labels[key], value);
  const [port] = service.spec?.ports ?? [];
  assert.ok(programOf('gateway').ports?.some(({ name }) => name === port?.targetPort));
  const url = optionsOf('reporter', programOf('reporter').args ?? [], {})['gateway.url'];
  assert.equal(new URL(String(url)).host, `tributary-gateway.tributary.svc:${port?.port}`);
  const [first] = gateway.spec?.template.spec?.initContainers ?? [];
  assert.match(
    first?.command?.at(-1) ?? '',
    /\[ -e \/var\/lib\/tributary-gateway\/credentials\.sqlite \] \|\| tributary-gateway token create /,
  );
});

test('the reporter changes nothing on its node but its spool', () => {
  const { spec } = reporter as DaemonSet;
  const pod = spec?.template.spec;
  const fromNode = (pod?.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined);
  const writable = fromNode.filter(({ name }) => {
    const mounts = containersOf(reporter).flatMap(({ volumeMounts = [] }) => volumeMounts);
    return mounts.some((mount) => mount.name === name && mount.readOnly !== true);
  });
  assert.deepEqual(
    writable.map(({ hostPath }) => hostPath?.path),
    ['/var/lib/tributary-reporter'],
  );
  assert.equal(pod?.hostNetwork, true);
  // Else the gateway's name would be asked of the node's resolver.
  assert.equal(pod?.dnsPolicy, 'ClusterFirstWithHostNet');
});

test('the ServiceMonitor finds the service, and asks for what there is', () => {
  interface Endpoint {
    readonly port: string;
    readonly path: string;
    readonly honorLabels: boolean;
    readonly params: Readonly<Record<string, readonly string[]>>;
    readonly relabelings: readonly { readonly action: string; readonly regex: string }[];
  }
  const { spec } = manifest('ServiceMonitor', 'tributary-gateway') as Manifest & {
    readonly spec: {
      readonly jobLabel: string;
      readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
      readonly endpoints: readonly [Endpoint];
    };
  };
  const { metadata, spec: service } = manifest('Service', 'tributary-gateway');
  for (const [key, value] of Object.entries(spec.selector.matchLabels))
    assert.equal(metadata?.labels?.[key], value);
  const [endpoint] = spec.endpoints;
  assert.ok(service?.ports?.some(({ name }) => name === endpoint.port));
  assert.equal(endpoint.path, '/metrics');
  assert.equal(endpoint.honorLabels, true);
  // The rules name the job, which the operator takes from a label of the service.
  const job = metadata?.labels?.[spec.jobLabel];
  const rules = readFileSync(join(REPOSITORY, 'deploy/prometheus/tributary.rules.yml'), 'utf8');
  const named = [...rules.matchAll(/\bjob="([^"]+)"/g)].map(([, name]) => name);
  assert.ok(named.length > 0);
  assert.ok(
    named.every((name) => name === job),
    `${job} is not ${named}`,
  );
  // What the operator puts on all that is scraped is the gateway's pod, and the hosts are not in it.
  for (const label of ['namespace', 'pod', 'service', 'endpoint', 'container'])
    assert.ok(
      endpoint.relabelings.some(
        ({ action, regex }) => action === 'labeldrop' && new RegExp(`^(?:${regex})$`).test(label),
      ),
      label,
    );
  const pairs = Object.entries(endpoint.params).flatMap(([key, values]) =>
    values.map((value): [string, string] => [key, value]),
  );
  // It throws for what it does not know.
  parseMetricsQuery(`/metrics?${new URLSearchParams(pairs)}`);
});

test('probes ask for what the programs answer', async (t) => {
  await using running = await Gateway.start(t);
  for (const { httpGet } of probesOf(programOf('gateway')))
    assert.equal((await fetch(`${running.url}${httpGet?.path}`)).status, 200, httpGet?.path);
  const address = `127.0.0.1:${await stablePort()}`;
  const args = ['--web.listen-address', address];
  await using _reporter = await Reporter.start(t, { gatewayUrl: running.streamUrl, host: 'probed', args });
  for (const { httpGet } of probesOf(programOf('reporter')))
    await eventually(`${httpGet?.path}`, async () => (await fetch(`http://${address}${httpGet?.path}`)).ok);
});
