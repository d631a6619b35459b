/** Who may come, and whether somebody on the way can read it. */
import { isLoopbackName } from '@tributary/shared/loopback';
import { isLoopback, parseListenAddress } from '../../http/listen-address.ts';
import { act, command, type Finding, finding } from '../finding.ts';
import type { GatewayFacts } from '../gateway-facts.ts';
import { onlyValue } from '../samples.ts';
import { duration } from '../words.ts';
import type { Facts } from './facts.ts';

const DAY_MS = 86_400_000;
const CERTIFICATE_DAYS = 14;
/** Reporters that are away for a weekend would not come back. */
const CERTIFICATE_ERROR_DAYS = 3;

export function checkTrust({ gateway }: Facts): Finding[] {
  return [...checkOpen(gateway), ...checkPlain(gateway), ...checkCertificate(gateway)];
}

/** Who shows no credential and is answered nevertheless has found none. */
function checkOpen({ isKnown, url, flags }: GatewayFacts): Finding[] {
  if (isKnown) return [];
  const external = URL.parse(flags.get('web.external-url') ?? '');
  const isBeyond = !isLoopbackName(url.host) || (external !== null && !isLoopbackName(external.host));
  return [
    finding('NO_CREDENTIALS', {
      severity: isBeyond ? 'error' : 'note',
      what: isBeyond
        ? 'The gateway has no credentials, and is reached from beyond its own machine.'
        : 'The gateway has no credentials: everybody on its machine may do everything.',
      means: isBeyond
        ? 'Whoever forwards to it lets everybody in, as host, as scraper and as administrator.'
        : 'That is fine for one machine. Make some before anything forwards to it, a proxy or a tunnel.',
      change: command(
        'tributary-gateway token create --join --uses 40 > join.token',
        'tributary-gateway token create --scrape prometheus > scrape.token',
      ),
    }),
  ];
}

function checkPlain({ url, flags }: GatewayFacts): Finding[] {
  const address = flags.get('web.listen-address');
  if (url.protocol !== 'http:' || address === undefined || isLoopback(parseListenAddress(address))) return [];
  return [
    finding('PLAIN_HTTP', {
      // Something in front of it may do TLS, on another machine or in another container.
      severity: flags.get('web.external-url')?.startsWith('https:') === true ? 'note' : 'warning',
      what: `The gateway listens on ${address} without TLS.`,
      means:
        'Whoever is on the way reads samples and tokens. A proxy with TLS on its machine needs loopback only.',
      change: {
        where: 'web.yml, with --web.config.file web.yml',
        lines: ['tls_server_config: {cert_file: gateway.pem, key_file: gateway.key}'],
      },
    }),
  ];
}

function checkCertificate({ own, now }: GatewayFacts): Finding[] {
  const seconds = onlyValue(own, 'tributary_gateway_tls_certificate_not_after_timestamp_seconds');
  if (seconds === null || Number.isNaN(seconds)) return [];
  const leftMs = seconds * 1000 - now;
  if (leftMs > CERTIFICATE_DAYS * DAY_MS) return [];
  const date = new Date(seconds * 1000).toISOString().slice(0, 10);
  return [
    finding('CERTIFICATE_ENDS', {
      severity: leftMs > CERTIFICATE_ERROR_DAYS * DAY_MS ? 'warning' : 'error',
      what:
        leftMs > 0
          ? `The gateway's certificate ends on ${date}, in ${duration(leftMs)}.`
          : `The gateway's certificate has ended on ${date}.`,
      means: 'Reporters and Prometheus will not connect then. Their samples wait in their spools.',
      change: act(
        'the file of cert_file in --web.config.file',
        'write a new certificate there; it is taken within seconds, and nobody is dropped',
      ),
    }),
  ];
}
