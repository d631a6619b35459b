/**
 * `tributary-gateway doctor`: says what is wrong with a running gateway and the Prometheus that scrapes it, or will be.
 *
 * It sees both from outside, by what they answer to anybody who may scrape, and changes nothing. First all facts are read
 * (gateway-facts.ts, prometheus-facts.ts), each within bounds of time and bytes; then pure checks look at them (checks/), and what
 * they find is written (render.ts). A gateway that cannot be asked ends it; all else that cannot be asked is a finding.
 */
import type { FileOption } from '@tributary/shared/options';
import type { Check, Facts } from './checks/facts.ts';
import { checkGateway } from './checks/gateway.ts';
import { checkHosts } from './checks/hosts.ts';
import { checkJobLimits } from './checks/job-limits.ts';
import { checkJobOptions } from './checks/job-options.ts';
import { checkLosses } from './checks/losses.ts';
import { cannotAsk, checkPrometheus } from './checks/prometheus.ts';
import { checkReplayWindow } from './checks/replay-window.ts';
import { checkScrapers } from './checks/scrapers.ts';
import { checkStorage } from './checks/storage.ts';
import { checkStrain } from './checks/strain.ts';
import { checkTargets } from './checks/targets.ts';
import { checkTrust } from './checks/trust.ts';
import { type Access, AskError } from './client.ts';
import { DoctorError } from './doctor-error.ts';
import { type Finding, isFine, sortFindings } from './finding.ts';
import { type GatewayFacts, readGateway } from './gateway-facts.ts';
import { jobsOf, targetsOf } from './jobs.ts';
import { gatewayAccess, prometheusAccess, readDoctorOptions } from './options.ts';
import { type PrometheusFacts, readPrometheus } from './prometheus-facts.ts';
import { renderJson, renderText, type Style } from './render.ts';

const CHECKS: readonly Check[] = [
  checkGateway,
  checkStrain,
  checkTargets,
  checkPrometheus,
  checkJobOptions,
  checkReplayWindow,
  checkJobLimits,
  checkScrapers,
  checkLosses,
  checkHosts,
  checkStorage,
  checkTrust,
];

export interface Examined {
  readonly text: string;
  /** There is nothing but notes. */
  readonly isFine: boolean;
}

/**
 * @param file what the gateway's configuration file says.
 * @throws OptionError, DoctorError
 */
export async function runDoctor(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  file: ReadonlyMap<string, FileOption>,
  style: Style,
): Promise<Examined> {
  const options = readDoctorOptions(argv, env, file);
  const toGateway = gatewayAccess(options);
  const toPrometheus = prometheusAccess(options);
  const gateway = await readGateway(toGateway).catch((error: unknown) => {
    throw error instanceof AskError ? new DoctorError(adviceFor(error, toGateway)) : error;
  });
  const asked = toPrometheus === null ? null : await lookAt(toPrometheus, gateway, options['prometheus.job']);
  const prometheus = asked?.facts ?? null;
  const facts: Facts = { gateway, prometheus, jobs: prometheus === null ? [] : jobsOf(prometheus) };
  const findings = sortFindings([...(asked?.findings ?? []), ...examine(facts)]);
  const report = { ...facts, prometheusUrl: toPrometheus?.url ?? null, findings };
  return { text: options.json ? renderJson(report) : renderText(report, style), isFine: isFine(findings) };
}

export function examine(facts: Facts): Finding[] {
  return CHECKS.flatMap((check) => check(facts));
}

async function lookAt(
  access: Access,
  gateway: GatewayFacts,
  job: string,
): Promise<{ readonly facts: PrometheusFacts | null; readonly findings: readonly Finding[] }> {
  const answer = await readPrometheus(access, (targets, gateways) =>
    targetsOf(targets, gateway, gateways, job),
  );
  if (!('trouble' in answer)) return { facts: answer, findings: [] };
  return { facts: null, findings: [cannotAsk(answer, access.authorization !== null)] };
}

const MAKE_TOKEN =
  '"tributary-gateway token create --scrape doctor > doctor.token" makes one, for --gateway.token-file doctor.token';

function adviceFor({ trouble, message, status }: AskError, { url, authorization }: Access): string {
  const why = message === '' ? `HTTP ${status}` : `HTTP ${status}: ${message}`;
  switch (trouble) {
    case 'unreachable':
      if (/authority that is not known/.test(message))
        return `${message}; name it by --gateway.ca-file ca.pem`;
      if (!/nothing listens|did not answer|cannot be/.test(message)) return message;
      return `${message}. Does the gateway run, and is --gateway.url right?`;
    case 'refused':
      if (authorization !== null && status === 401)
        return `the gateway at ${url.origin} does not know the credential that was shown (${why}); ${MAKE_TOKEN}`;
      if (authorization !== null)
        return `the credential that was shown to ${url.origin} is not one for reading (${why}): a scrape or an admin token is needed; ${MAKE_TOKEN}`;
      if (status === 401) return `the gateway at ${url.origin} wants a credential (${why}); ${MAKE_TOKEN}`;
      return `the gateway at ${url.origin} refuses (${why}). Without credentials it answers its own machine only, by --gateway.url http://127.0.0.1:PORT`;
    case 'strange':
      return `what answers at ${url.origin}${url.pathname} is not a Tributary gateway: ${message}`;
    case 'failed':
      return `the gateway at ${url.origin} answers with an error: ${message}`;
  }
}
