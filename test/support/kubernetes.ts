/** The manifests of deploy/kubernetes: read, and held against Kubernetes' own types. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DaemonSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Container, Service } from 'kubernetes-types/core/v1.js';
import { readYaml } from './deployment.ts';
import { REPOSITORY } from './programs.ts';

const FOLDER = 'deploy/kubernetes';

export interface Manifest {
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name: string };
}

/** Where the types of each kind are; kinds that are not in it are not Kubernetes' own. */
const MODULES: Readonly<Record<string, string>> = {
  v1: 'core/v1',
  'apps/v1': 'apps/v1',
  'networking.k8s.io/v1': 'networking/v1',
};

export function readManifests(): readonly Manifest[] {
  return readdirSync(join(REPOSITORY, FOLDER), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) =>
      readYaml(join(FOLDER, name)).map((document) => ({
        ...(document as Manifest),
        path: join(FOLDER, name),
      })),
    );
}

/** The one of this kind and name. */
export function manifest(kind: 'StatefulSet', name: string): StatefulSet;
export function manifest(kind: 'DaemonSet', name: string): DaemonSet;
export function manifest(kind: 'Service', name: string): Service;
export function manifest(kind: string, name: string): Manifest;
export function manifest(kind: string, name: string): object {
  const found = readManifests().filter((each) => each.kind === kind && each.metadata?.name === name);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} of ${kind} ${name}`);
  const { path: _, ...rest } = found[0];
  return rest;
}

export function containersOf({ spec }: StatefulSet | DaemonSet): readonly Container[] {
  const pod = spec?.template.spec;
  return [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
}

/**
 * What TypeScript says of them as values of Kubernetes' types: fields that there are not, values of another type, and what is
 * missing. Empty if all is well.
 */
export function mistakesOfTypes(manifests: readonly Manifest[]): string {
  const lines = manifests.flatMap(({ path, ...value }, i) => {
    const module = MODULES[value.apiVersion];
    return module === undefined
      ? []
      : [
          `import type { ${value.kind} as T${i} } from 'kubernetes-types/${module}.js';`,
          `export const v${i}: T${i} = ${JSON.stringify(value)}; // ${path}`,
        ];
  });
  // Beneath node_modules, so that the types are found.
  const cache = join(REPOSITORY, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'tributary-kubernetes-'));
  const file = join(folder, 'manifests.mts');
  try {
    writeFileSync(file, lines.join('\n'));
    const compiler = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--ignoreConfig', '--types', ''];
    execFileSync(process.execPath, [compiler, ...options, file], { cwd: dirname(file), encoding: 'utf8' });
    return '';
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (stdout === undefined || stdout === '') throw error;
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
