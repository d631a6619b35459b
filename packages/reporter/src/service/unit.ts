/** The systemd unit of a reporter: what it may do on its host, which is to read nearly everything and to change nothing. */

export interface UnitParts {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly credentials?: readonly Credential[];
}

/** A file that only root can read: systemd hands a copy to the reporter, by an option. */
export interface Credential {
  /** As in `--gateway.token-file`. */
  readonly option: string;
  readonly name: string;
  readonly file: string;
}

/** Of the unit, its state directory and, without `.service`, what `systemctl` is told. */
export const SERVICE = 'tributary-reporter';

export const STATE_FOLDER = `/var/lib/${SERVICE}`;

/** @throws RangeError for a control character, which no line of a unit can have. */
export function unitText({ command, credentials = [] }: UnitParts): string {
  const loaded = credentials.map(({ name, file }) => `LoadCredential=${name}:${escapeText(file)}\n`);
  // Where systemd puts them is known in the unit alone.
  const flags = credentials.map(({ option, name }) => `--${option}=%d/${name}`);
  return `# Made by "${SERVICE} install-service". For changes of your own: systemctl edit ${SERVICE}

[Unit]
Description=Tributary reporter
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
# systemd-notify tells it, which is a child of the reporter.
NotifyAccess=all
ExecStart=${[...command.map(escapeWord), ...flags].join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=2
TimeoutStopSec=10
WatchdogSec=5min
${loaded.join('')}
# A user of its own, made for as long as it runs. The spool is all that it owns.
DynamicUser=yes
StateDirectory=${SERVICE}
StateDirectoryMode=0700
UMask=0077

# Above --limits.memory, where it slows down by itself.
MemoryMax=384M
TasksMax=64

NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
# Mounts below /home are told, and so have to be seen.
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
# Reading the clock's discipline (timex) is among what may set it, for which it has no rights. V8 compiles, so there is no
# MemoryDenyWriteExecute.
SystemCallFilter=@system-service adjtimex clock_adjtime
SystemCallErrorNumber=EPERM

# The collector "containers" needs the group of Docker's socket:
# SupplementaryGroups=docker

[Install]
WantedBy=multi-user.target
`;
}

/** A word of a command line (systemd.service(5), "COMMAND LINES"). */
function escapeWord(word: string): string {
  const text = escapeText(word).replaceAll('$', '$$$$');
  if (/^[\w@%+=:,./$-]+$/.test(text)) return text;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** `%` begins a specifier. */
function escapeText(text: string): string {
  const control = [...text].find((character) => character < ' ' || character === '\u007f');
  if (control !== undefined)
    throw new RangeError(`a control character cannot stand in a unit: ${JSON.stringify(text)}`);
  return text.replaceAll('%', '%%');
}
