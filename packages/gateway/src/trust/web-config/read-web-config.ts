/**
 * Reads `--web.config.file` and all that it names. Unknown keys are refused, as exporter-toolkit does, and so is what that
 * would let pass in silence and leave the server open: settings of TLS without a certificate, a client's certificate that is
 * to be verified by no authority in particular (Go would take those of the system), a user without a hash.
 */
import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { type ConfigFile, refuseTogether, takeConfigFile } from '@tributary/shared/config-file';
import type { ConfigProblem, ConfigReading } from '@tributary/shared/config-tree';
import { quote } from '@tributary/shared/names';
import { OptionError } from '@tributary/shared/options';
import { formatDuration } from '@tributary/shared/units';
import { type PemFile, readPemFile } from './pem-file.ts';
import { checkUsers, type TlsSection, WEB_CONFIG_SECTIONS, type WebConfigSections } from './schema.ts';
import { type TlsFiles, tlsSettings } from './tls-settings.ts';
import type { RateLimit, WebConfig } from './web-config.ts';

export interface WebConfigReading {
  readonly config: WebConfig;
  /** Another text when anything was read that was not read before. */
  readonly digest: string;
  /** The files that it names. */
  readonly files: readonly string[];
  /** What is not wrong, and hardly meant. One line each. */
  readonly warnings: readonly string[];
}

type File = ConfigFile<typeof WEB_CONFIG_SECTIONS>;

/**
 * @param now in ms since 1970.
 * @throws OptionError, most often a ConfigFileError, with one line `FILE:LINE: message` for each mistake.
 */
export async function readWebConfig(file: string, now: number): Promise<WebConfigReading> {
  // First, since it refuses pipes: what is read of one is gone when it is read again.
  const self = await readPemFile(file).catch((error: Error) => {
    throw new OptionError(`${file}: the file cannot be read: ${error.message}`);
  });
  // Late, because most gateways have no such file.
  const { readConfigFile } = await import('@tributary/program/read-config-file');
  const reading = await readConfigFile(file);
  const contents = take(file, reading);
  const {
    tlsServerConfig: tls = {},
    httpServerConfig: http = {},
    basicAuthUsers,
    rateLimit,
  } = contents.sections;
  const users = basicAuthUsers ?? new Map<string, string>();
  const hash = createHash('sha256').update(JSON.stringify(reading.tree));
  const files: string[] = [];
  const read = async (path: string, about: string): Promise<PemFile> => {
    files.push(path);
    const found = await readPemFile(path).catch((error: Error) => {
      throw new OptionError(`${about}: ${quote(path, 300)} cannot be read: ${error.message}`, [about]);
    });
    hash.update(`${path}\0${found.bytes.length}\0`).update(found.bytes);
    return found;
  };
  try {
    checkUsers(users);
    const pem = await readTlsFiles(tls, self, read);
    const settings = pem === null ? null : tlsSettings(tls, pem, now);
    return {
      config: {
        users,
        tls: settings?.tls ?? null,
        headers: new Map(Object.entries(http.headers ?? {}).filter(([, text]) => text !== '')),
        rateLimit: rateLimitOf(rateLimit),
      },
      digest: hash.digest('hex'),
      files,
      warnings: settings?.warnings.map((warning) => `${file}: ${warning}`) ?? [],
    };
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    refuseTogether([error], { origins: new Map(), file: contents, specs: {} });
    throw error;
  }
}

function take(file: string, reading: ConfigReading): File {
  const folder = dirname(resolve(file));
  const problems = [...reading.problems, ...usersWithoutHash(reading)];
  return takeConfigFile(
    file,
    { ...reading, problems },
    {
      specs: {},
      sections: WEB_CONFIG_SECTIONS,
      resolvePath: (path) => resolve(folder, path),
    },
  );
}

/** A key without a value counts as not given elsewhere; here somebody would be missing whom the writer had in mind. */
function usersWithoutHash({ tree }: ConfigReading): ConfigProblem[] {
  if (tree?.kind !== 'map') return [];
  const users = tree.entries.find(({ key }) => key === 'basic_auth_users')?.value;
  if (users?.kind !== 'map') return [];
  return users.entries.flatMap(({ key, line, value }) =>
    value.kind === 'scalar' && value.type === 'null'
      ? [{ line, message: `basic_auth_users: the user ${quote(key)} has no bcrypt hash` }]
      : [],
  );
}

/** @returns null where there is to be no TLS. */
async function readTlsFiles(
  section: TlsSection,
  self: PemFile,
  read: (path: string, about: string) => Promise<PemFile>,
): Promise<TlsFiles | null> {
  if (Object.keys(section).length === 0) return null;
  const get = async (name: 'cert' | 'key' | 'client_ca', path = '', text = '') => {
    const about = `tls_server_config.${name}`;
    if (path !== '')
      return { ...(await read(path, `${about}_file`)), about: `${about}_file`, isInline: false };
    if (text !== '') return { ...self, path: '', text, about, isInline: true };
    return null;
  };
  const cert = await get('cert', section.certFile, section.cert);
  const key = await get('key', section.keyFile, section.key);
  const missing = cert === null ? 'cert_file' : 'key_file';
  if (cert === null || key === null)
    throw new OptionError(
      `tls_server_config: ${missing} is missing; TLS needs cert_file and key_file (or cert and key)`,
      ['tls_server_config'],
    );
  return { cert, key, clientCa: await get('client_ca', section.clientCaFile, section.clientCa) };
}

function rateLimitOf(section: WebConfigSections['rateLimit']): RateLimit | null {
  const { interval = 0, burst = 0 } = section ?? {};
  if (interval === 0) return null;
  if (burst > 0) return { intervalMs: interval, burst };
  throw new OptionError(
    `rate_limit: with an interval of ${formatDuration(interval)} and no burst nothing would ever be answered; give burst: 1 or more`,
    ['rate_limit'],
  );
}
