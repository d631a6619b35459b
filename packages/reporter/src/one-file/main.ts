/**
 * The main file of the one executable (scripts/build-binary.mjs), in which there is no file beside this one: the addon of
 * SQLite is an asset, and the children that the reporter starts are the executable itself.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getAsset, getRawAsset } from 'node:sea';
import { provideChildCommand } from '../collectors/system-child/ask-child.ts';
import { provideAddon } from '../spool/open-sqlite.ts';
import { loadAddon } from './load-addon.ts';

/** As scripts/build-binary.mjs names them. */
const ADDON = 'better_sqlite3.node';
const ADDON_SHA256 = 'better_sqlite3.sha256';
/** Not for people, and so not in the help: what follows are the arguments of child.ts. */
const CHILD_WORD = 'system-child';
/** For the image's HEALTHCHECK. */
const HEALTH_WORD = 'health';

let addon: object | null = null;

function addonFor(spoolFolder: string): object {
  addon ??= loadAddon(
    {
      name: 'better_sqlite3',
      sha256: getAsset(ADDON_SHA256, 'utf8'),
      bytes: () => new Uint8Array(getRawAsset(ADDON)),
    },
    // The spool's folder can be written to, or there would be no spool. It may be mounted `noexec`, as may be the other.
    [join(spoolFolder, 'native'), join(tmpdir(), `tributary-reporter-${process.geteuid?.() ?? 'any'}`)],
  );
  return addon;
}

async function askAndEnd(): Promise<void> {
  const { askHealth } = await import('./ask-health.ts');
  const { code, message } = await askHealth(process.env['TRIBUTARY_REPORTER_WEB_LISTEN_ADDRESS']);
  process.stdout.write(`${message}\n`, () => process.exit(code));
}

provideAddon(addonFor);
provideChildCommand([process.execPath, CHILD_WORD]);
switch (process.argv[2]) {
  case CHILD_WORD:
    process.argv.splice(2, 1);
    void import('../collectors/system-child/child.ts');
    break;
  case HEALTH_WORD:
    void askAndEnd();
    break;
  default:
    // As in bin/: told to read its files again while it is loaded, it would end.
    process.on('SIGHUP', () => {});
    void import('../main.ts');
}
