/** Where runtimes of containers answer: the sockets that were asked for, or else the usual ones that are there. */
import { realpathSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { OptionError } from '@tributary/shared/options';
import { isRefusal } from '../sysfs.ts';

/** Sockets that may be named; more runtimes than these share no host. */
const SOCKETS_MAX = 8;
/** `unix:///run/docker.sock`, as in DOCKER_HOST. */
const UNIX_SCHEME = 'unix://';

/**
 * Paths from what `--collector.containers.socket` was given.
 * @throws OptionError for anything but an absolute path, with or without `unix://` before it.
 */
export function parseSockets(texts: readonly string[]): readonly string[] {
  const paths = texts
    .filter((text) => text !== '')
    .map((text) => (text.startsWith(UNIX_SCHEME) ? text.slice(UNIX_SCHEME.length) : text));
  for (const path of paths) {
    if (!isAbsolute(path)) throw new OptionError(`${JSON.stringify(path)} is no absolute path of a socket`);
  }
  if (paths.length > SOCKETS_MAX) throw new OptionError(`at most ${SOCKETS_MAX} sockets can be asked`);
  return paths;
}

/**
 * Docker's, root's Podman's, and those of this user, as the clients of both look for them.
 * @param env the process's environment, for DOCKER_HOST and XDG_RUNTIME_DIR.
 */
export function usualSockets(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const paths = ['/var/run/docker.sock', '/run/podman/podman.sock'];
  const { DOCKER_HOST: host = '', XDG_RUNTIME_DIR: runtime = '' } = env;
  // A host that is reached by TCP or SSH is not this one.
  if (host.startsWith(`${UNIX_SCHEME}/`)) paths.unshift(host.slice(UNIX_SCHEME.length));
  if (isAbsolute(runtime)) paths.push(`${runtime}/podman/podman.sock`);
  return paths;
}

/** The usual sockets are looked for this often; a look costs a `stat` for each. */
const LOOK_MS = 30_000;

/**
 * What gives the sockets to ask: those that were given, there or not, since whoever names one wants to hear that it is
 * not; else the usual ones that are there.
 * @param monotonic in ms.
 */
export function createSocketFinder(
  given: readonly string[],
  usual: readonly string[],
  monotonic: () => number,
): () => readonly string[] {
  if (given.length > 0) return () => given;
  let found: readonly string[] = [];
  let lookedMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (monotonic() - lookedMs >= LOOK_MS) {
      lookedMs = monotonic();
      found = socketsAmong(usual);
    }
    return found;
  };
}

/**
 * Those of `paths` that are sockets, each once, whatever it is called: `podman-docker` makes Docker's path a link to
 * Podman's. One that may not be looked at is none.
 */
export function socketsAmong(paths: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const path of paths) {
    try {
      if (statSync(path, { throwIfNoEntry: false })?.isSocket() === true) found.add(realpathSync(path));
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  return [...found];
}
