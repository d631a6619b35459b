/**
 * What programs that are started see of the reporter's environment: where programs are, who it runs as, and on Windows what
 * none starts without. Everything else (a token that a service was given, `NODE_OPTIONS`) is none of their business.
 */
const NAMES: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'TZ',
  'DBUS_SYSTEM_BUS_ADDRESS',
  // Windows.
  'COMSPEC',
  'PATHEXT',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'PROGRAMFILES(X86)',
  'PSMODULEPATH',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'USERPROFILE',
  'WINDIR',
]);

type Environment = Readonly<Record<string, string | undefined>>;

/** @param more goes before what is there. */
export function childEnvironment(more: Environment = {}, env: Environment = process.env): NodeJS.ProcessEnv {
  // Windows writes names in whatever case.
  const known = Object.entries(env).filter(([name]) => NAMES.has(name.toUpperCase()));
  return { ...Object.fromEntries(known), ...more };
}
