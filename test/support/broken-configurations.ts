/**
 * Configurations that cannot be taken, and what a person is told of each: one line that says where, what and what to do.
 * `FILE` stands for the name of the file.
 */

export interface BrokenConfiguration {
  readonly program: 'gateway' | 'reporter';
  /** The text of the file; null for none. */
  readonly file: string | null;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly message: string;
}

const gatewayFile = (file: string, message: string): BrokenConfiguration => ({
  program: 'gateway',
  file,
  message: `FILE:${message}`,
});

const reporterFile = (file: string, message: string): BrokenConfiguration => ({
  program: 'reporter',
  file,
  message: `FILE:${message}`,
});

const target = (rest: string) => `targets:\n  - job: a\n    urls: [http://localhost:1/]\n    ${rest}\n`;

const GATEWAY: readonly BrokenConfiguration[] = [
  gatewayFile(
    'web: {listen_adress: "127.0.0.1:1"}',
    '1: unknown key web.listen_adress; did you mean web.listen_address?',
  ),
  gatewayFile(
    'web:\n  listen_address: 127.0.0.1',
    '2: web.listen_address: "127.0.0.1" is not HOST:PORT, such as 127.0.0.1:9750 or [::1]:9750',
  ),
  gatewayFile(
    'web: {listen_address: "127.0.0.1:99999"}',
    '1: web.listen_address: "127.0.0.1:99999" is not HOST:PORT, such as 127.0.0.1:9750 or [::1]:9750',
  ),
  gatewayFile(
    'web: {listen_address: [a, b]}',
    '1: web.listen_address: a single value is needed here, not a list',
  ),
  gatewayFile(
    'web: {external_url: gateway.example.org}',
    '1: web.external_url: "gateway.example.org" is not an http:// or https:// URL',
  ),
  gatewayFile(
    'web: {admin_users: ann}',
    '1: web.admin_users names users of web.config.file, and there is none; give the file, or make a token with "tributary-gateway token create --admin NAME"',
  ),
  gatewayFile('web: {max_connections: 3}', '1: web.max_connections: 3 is too small; at least 16 is needed'),
  gatewayFile('web: {max_connections: many}', '1: web.max_connections: "many" is no whole number'),
  gatewayFile('storage: /var/lib', '1: storage: a map (path, retention) is needed here, not a single value'),
  gatewayFile(
    'storage:\n  retention: {time: 15}',
    '2: storage.retention.time: 15 has no unit; write it as 15s',
  ),
  gatewayFile(
    'storage:\n  retention: {time: 1s}',
    '2: storage.retention.time: 1s is too short; at least 1m is needed',
  ),
  gatewayFile(
    'storage: {retention: {size: 2 GB}}',
    '1: storage.retention.size: "2 GB" is no size; write it as 512MB or 2GB',
  ),
  gatewayFile(
    'storage: {retention: {size: 1KB}}',
    '1: storage.retention.size: 1KB is too small; at least 1MB is needed',
  ),
  gatewayFile('storage.path: data', '1: unknown key storage.path; write it as storage: {path: …}'),
  gatewayFile(
    'replay: {order: newest-first}',
    '1: replay.order: "newest-first" is none of in-order, live-first',
  ),
  gatewayFile(
    'replay: {window: -5m}',
    '1: replay.window: "-5m" is no duration; write it as 15s, 5m or 1h30m',
  ),
  gatewayFile('replay: {max_points: 1e6}', '1: replay.max_points: "1e6" is no whole number'),
  gatewayFile(
    'fleet: {stale-after: 5m}',
    '1: unknown key fleet.stale-after; did you mean fleet.stale_after?',
  ),
  gatewayFile('limits: {hosts: 0}', '1: limits.hosts: 0 is too small; at least 1 is needed'),
  gatewayFile('log: {level: INFO}', '1: log.level: "INFO" is none of debug, info, warn, error'),
  gatewayFile('log: debug', '1: log: a map (level, format) is needed here, not a single value'),
  gatewayFile(
    'config: {auto_reload_interval: 5ms}',
    '1: config.auto_reload_interval: 5ms is too short; at least 1s is needed, or 0s for never',
  ),
  gatewayFile(
    'targets: []',
    '1: unknown key targets; known here: config, web, storage, replay, fleet, limits, log',
  ),
  gatewayFile('log: {level: info}\nlog: {format: json}', '2: the key "log" was given in line 1 already'),
  gatewayFile('log:\n\tlevel: info', '2: a tab cannot indent in YAML; use spaces'),
  gatewayFile(
    'log: {level: info\n',
    '2: a quote, [ or { that was opened before is not closed, or what it encloses is not indented',
  ),
  gatewayFile(
    '- log',
    '1: a map (config, web, storage, replay, fleet, limits, log) is needed here, not a list',
  ),
  gatewayFile('---\na: 1\n---\nb: 2', '3: a second document begins here; a file can have only one'),
  {
    program: 'gateway',
    file: null,
    args: ['--config.file=/nowhere/gateway.yml'],
    message: '/nowhere/gateway.yml: the file cannot be read: there is none',
  },
  {
    program: 'gateway',
    file: null,
    args: ['--log.level', 'info', '--log.level', 'warn'],
    message: '--log.level was given twice',
  },
  {
    program: 'gateway',
    file: null,
    args: ['--log.levle=info'],
    message: 'unknown flag --log.levle; did you mean --log.level?',
  },
  {
    program: 'gateway',
    file: null,
    args: ['--storage.retention.time'],
    message: '--storage.retention.time needs a value: DURATION',
  },
  {
    program: 'gateway',
    file: null,
    env: { TRIBUTARY_GATEWAY_STORAGE_PAHT: '/x' },
    message: 'unknown variable TRIBUTARY_GATEWAY_STORAGE_PAHT; did you mean TRIBUTARY_GATEWAY_STORAGE_PATH?',
  },
  {
    program: 'gateway',
    file: null,
    env: { TRIBUTARY_GATEWAY_LIMITS_HOSTS: 'ten' },
    message: 'TRIBUTARY_GATEWAY_LIMITS_HOSTS: "ten" is no whole number',
  },
];

const REPORTER: readonly BrokenConfiguration[] = [
  reporterFile(
    'gateway: {url: http://gw}',
    '1: gateway.url: "http://gw" is not a ws:// or wss:// URL; use ws://gw',
  ),
  reporterFile(
    'gateway: {url: "wss://gw", tls: {cert_file: c.pem}}',
    '1: gateway.tls.cert_file needs gateway.tls.key_file',
  ),
  reporterFile(
    'gateway:\n  url: ws://gw\n  tls: {ca_file: ca.pem}',
    '3: gateway.tls.ca_file is of no use without TLS; begin gateway.url with wss://',
  ),
  reporterFile(
    'host: web 1',
    `1: host: "web 1" is not a host name (1 to 253 letters, digits, '.', '-', '_')`,
  ),
  reporterFile('interval: 10', '1: interval: 10 has no unit; write it as 10s'),
  reporterFile('interval: 1ms', '1: interval: 1ms is too short; at least 100ms is needed'),
  reporterFile(
    'labels: {instance: a}',
    '1: labels: "instance" cannot be a label; use [a-zA-Z_][a-zA-Z0-9_]*, not __*, host, instance, job, le or quantile',
  ),
  reporterFile('labels: [env=prod]', '1: labels: a map is needed here (KEY: VALUE), not a list'),
  reporterFile('label: {env: prod}', '1: unknown key label; did you mean labels?'),
  reporterFile('collectors: {cup: true}', '1: unknown key collectors.cup; did you mean collectors.cpu?'),
  reporterFile('collectors: {cpu: yes}', '1: collectors.cpu: "yes" is neither true nor false'),
  reporterFile(
    'collectors: {vmstat: {fields: "("}}',
    '1: collectors.vmstat.fields: "(" is no regular expression',
  ),
  reporterFile(
    'collectors: {netdev: {device_include: a, device_exclude: b}}',
    '1: collectors.netdev.device_include and collectors.netdev.device_exclude cannot be given together',
  ),
  reporterFile(
    'spool: {keep_acked: forever}',
    '1: spool.keep_acked: "forever" is no duration; write it as 15s, 5m or 1h30m',
  ),
  reporterFile(
    'spool: {retention: {size: 256}}',
    '1: spool.retention.size: 256 has no unit; write it as 256MB',
  ),
  reporterFile(
    'targets: {job: a}',
    '1: targets: a list is needed here ("- " begins each of its items), not a map',
  ),
  reporterFile('targets:\n  - urls: [http://localhost:1/]', '2: targets[0]: job is missing'),
  reporterFile(
    'targets:\n  - job: a\n    urls: [localhost:9100]',
    '3: targets[0] (job "a"): "localhost:9100" is not an http:// or https:// URL; do you mean http://localhost:9100?',
  ),
  reporterFile(
    target('basic_auth: {username: x, password: a, password_file: b}'),
    '4: targets[0].basic_auth: password and password_file cannot be given together',
  ),
  reporterFile(
    target('timeout: 30s\n    interval: 10s'),
    '4: targets[0] (job "a"): timeout 30s is longer than the interval, 10s',
  ),
  reporterFile(
    target('tls_config: {min_version: TLS1}'),
    '4: targets[0].tls_config.min_version: "TLS1" is none of TLS10, TLS11, TLS12, TLS13',
  ),
  reporterFile(target('url: x'), '4: unknown key targets[0].url; did you mean targets[0].urls?'),
];

export const BROKEN_CONFIGURATIONS = [...GATEWAY, ...REPORTER];
