/** What the command line and the file say of the way to the gateway: `gateway:` of the file. */
import { STREAM_PATH } from '@tributary/shared/frames';
import {
  choiceOption,
  OptionError,
  type OptionValues,
  pathOption,
  switchOption,
  textOption,
  textsOption,
} from '@tributary/shared/options';
import { mayHoldCredentials } from '@tributary/shared/redact';
import type { GatewayTls } from './dial.ts';
import { PIN } from './pins.ts';
import { DIRECT, parseProxyUrl } from './proxy-choice.ts';

const PINS_MAX = 16;

export const GATEWAY_SPECS = {
  'gateway.url': textOption({
    help: 'WebSocket URL of the gateway (ws:// or wss://); without a path, the stream path is added.',
    placeholder: 'URL',
    default: `ws://127.0.0.1:9750${STREAM_PATH}`,
    check: checkUrl,
  }),
  'gateway.token-file': tokenFileOption(),
  'gateway.tls.ca-file': pathOption({
    help: "Authorities that may vouch for the gateway, PEM, in place of Node.js's own.",
    default: '',
  }),
  'gateway.tls.cert-file': pathOption({
    help: 'Certificate of this host for the gateway, PEM; read anew for each connection.',
    default: '',
  }),
  'gateway.tls.key-file': pathOption({ help: 'Key of that certificate, PEM.', default: '' }),
  'gateway.tls.server-name': textOption({
    help: "Name that the gateway's certificate has to have; the URL's unless set.",
    placeholder: 'NAME',
    default: '',
  }),
  'gateway.tls.min-version': choiceOption({
    help: 'Least version of TLS.',
    choices: ['TLS12', 'TLS13'],
    default: 'TLS12',
  }),
  'gateway.tls.pin': textsOption({
    help: "Pin of the gateway's key or of an authority's above it, sha256/BASE64; may be given several times.",
    placeholder: 'PIN',
    parse: checkPins,
  }),
  'gateway.tls.pin-only': switchOption({
    help: "The pin of the gateway's own key is enough, as for a self-signed certificate.",
    default: false,
  }),
  'gateway.tls.insecure-skip-verify': switchOption({
    help: 'Take any certificate, and so anybody in between; for trying out only.',
    default: false,
  }),
  'gateway.proxy-url': textOption({
    help: `HTTP proxy on the way to the gateway, or ${DIRECT} for none; HTTPS_PROXY and the like unless set.`,
    placeholder: 'PROXY-URL',
    default: '',
    check: checkProxy,
  }),
};

export type GatewayOptions = OptionValues<typeof GATEWAY_SPECS>;

export function gatewayTls(options: GatewayOptions): GatewayTls {
  return {
    caFile: options['gateway.tls.ca-file'],
    certFile: options['gateway.tls.cert-file'],
    keyFile: options['gateway.tls.key-file'],
    serverName: options['gateway.tls.server-name'],
    minVersion: options['gateway.tls.min-version'],
    insecureSkipVerify: options['gateway.tls.insecure-skip-verify'],
    pins: options['gateway.tls.pin'],
    pinOnly: options['gateway.tls.pin-only'],
  };
}

/** Options that do not go together. */
export function gatewayMistakes(options: GatewayOptions): readonly OptionError[] {
  const { certFile = '', keyFile = '', caFile = '', insecureSkipVerify, pins, pinOnly } = gatewayTls(options);
  const mistakes: OptionError[] = [];
  const mistake = (message: string, ...names: string[]) =>
    mistakes.push(
      new OptionError(
        message,
        names.map((name) => `gateway.tls.${name}`),
      ),
    );
  if ((certFile === '') !== (keyFile === '')) {
    const [given, missing] = certFile === '' ? ['key-file', 'cert-file'] : ['cert-file', 'key-file'];
    mistake(`--gateway.tls.${given} needs --gateway.tls.${missing}`, given);
  }
  if (pinOnly && pins.length === 0) mistake('--gateway.tls.pin-only needs --gateway.tls.pin', 'pin-only');
  if (pinOnly && caFile !== '')
    mistake(
      '--gateway.tls.pin-only and --gateway.tls.ca-file cannot be given together: no authority is asked then',
      'pin-only',
      'ca-file',
    );
  if (insecureSkipVerify && pins.length > 0)
    mistake(
      '--gateway.tls.insecure-skip-verify and --gateway.tls.pin cannot be given together; with --gateway.tls.pin-only the pin is enough',
      'insecure-skip-verify',
      'pin',
    );
  return mistakes;
}

/** Whoever asks for TLS must not get plain text for a letter that is missing in the URL. */
export function plainTextMistakes(options: GatewayOptions): readonly OptionError[] {
  if (options['gateway.url'].startsWith('wss:')) return [];
  const isSet = (name: keyof GatewayOptions) =>
    String(options[name]) !== String(GATEWAY_SPECS[name].defaultValue);
  const name = Object.keys(GATEWAY_SPECS)
    .filter((each): each is keyof GatewayOptions => each.startsWith('gateway.tls.'))
    .find(isSet);
  if (name === undefined) return [];
  return [new OptionError(`--${name} is of no use without TLS; begin --gateway.url with wss://`, [name])];
}

/** What tokens of random bits are made of, and names of files hardly ever. */
const LIKE_A_TOKEN = /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9_-]{40,}$/;

function tokenFileOption() {
  const spec = pathOption({
    help: 'File that holds the token for the gateway; read anew for each connection.',
    default: '',
  });
  return {
    ...spec,
    parse: (texts: readonly string[]) => {
      const path = spec.parse(texts);
      // Before it is shown to anybody. A file's relative path was made absolute by now.
      if (LIKE_A_TOKEN.test(path.replace(/^.*[/\\]/, '')))
        throw new OptionError('this seems to be a token itself; give the name of a file that holds it');
      return path;
    },
  };
}

function checkUrl(text: string): string {
  const url = URL.parse(text);
  // Before the text is shown to anybody.
  if (mayHoldCredentials(text, url)) {
    throw new OptionError('a URL must not carry credentials; use --gateway.token-file');
  }
  if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
    const meant = url?.protocol === 'http:' || url?.protocol === 'https:' ? text.replace(/^http/i, 'ws') : '';
    const hint = meant === '' ? '' : `; use ${meant}`;
    throw new OptionError(`${JSON.stringify(text)} is not a ws:// or wss:// URL${hint}`);
  }
  if (url.hash !== '') throw new OptionError(`${JSON.stringify(text)} must not have a fragment (#)`);
  if (url.pathname === '/') url.pathname = STREAM_PATH;
  return url.href;
}

function checkPins(texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    if (!PIN.test(text))
      throw new OptionError(
        `${JSON.stringify(text)} is no pin; write it as sha256/ and the 44 characters of a base64 SHA-256`,
      );
  }
  if (texts.length > PINS_MAX)
    throw new OptionError(`${texts.length} pins; at most ${PINS_MAX} can be given`);
  return texts;
}

function checkProxy(text: string): string {
  if (text !== '' && text !== DIRECT) parseProxyUrl(text);
  return text;
}
