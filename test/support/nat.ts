/**
 * A site behind a router that masquerades, in network namespaces of the test's own:
 *
 *     site: programs ─ forwarder ══ router: MASQUERADE ══ here: forwarder ─ target
 *
 * The two forwarders are there because the gateway speaks with loopback only: what lies between them is a connection
 * through the kernel's real NAT. Needs root, ip(8), iptables(8) and sysctl(8).
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { atEnd } from './at-end.ts';
import { Child, sourcesEnv } from './child.ts';
import { forward } from './nat-forward.ts';
import { isCi } from './peers.ts';
import { REPOSITORY } from './programs.ts';

/** Of the network between the site and the router, as any home has it. */
const SITE = { router: '192.168.213.1', host: '192.168.213.2' };

/** For a test's `skip` option: why there can be none here, or false. In CI that fails, so that nothing is passed by. */
export function withoutNat(): string | false {
  if (isCi()) return false;
  if (process.getuid?.() !== 0) return 'network namespaces can be made by root only';
  const missing = ['ip', 'iptables', 'sysctl'].filter((program) => spawnSync(program, ['-V']).status !== 0);
  return (
    missing.length > 0 && `${missing.join(', ')} not found: install iproute2, iptables and procps (Debian)`
  );
}

export class Nat {
  /** What a command is to be preceded by to run at the site. */
  readonly inside: readonly string[];
  /** `host:port` of the target, as the site sees it. */
  readonly address: string;
  readonly #router: string;

  private constructor(site: string, router: string, address: string) {
    this.inside = ['ip', 'netns', 'exec', site];
    this.address = address;
    this.#router = router;
  }

  /** @param target `host:port` on loopback */
  static async start(t: TestContext, target: string): Promise<Nat> {
    // Names of interfaces have fifteen characters at most; several test files run at a time.
    const id = `${process.pid % 100_000}`;
    const [site, router, wan] = [`trs${id}`, `trr${id}`, `trw${id}`];
    const subnet = `10.213.${process.pid % 256}`;
    const outside = `${subnet}.1`;
    for (const space of [site, router]) {
      run(`ip netns add ${space}`);
      // With the namespaces go their interfaces, and the other ends of these.
      atEnd(t, () => run(`ip netns del ${space}`));
    }
    for (const line of [
      `ip link add ${wan} type veth peer name wan netns ${router}`,
      `ip addr add ${outside}/24 dev ${wan}`,
      `ip link set ${wan} up`,
      `ip -n ${router} addr add ${subnet}.2/24 dev wan`,
      `ip -n ${router} link set wan up`,
      `ip -n ${router} link add lan type veth peer name eth0 netns ${site}`,
      `ip -n ${router} addr add ${SITE.router}/24 dev lan`,
      `ip -n ${router} link set lan up`,
      `ip -n ${site} addr add ${SITE.host}/24 dev eth0`,
      `ip -n ${site} link set lo up`,
      `ip -n ${site} link set eth0 up`,
      `ip -n ${site} route add default via ${SITE.router}`,
      ...['net.ipv4.ip_forward=1', 'net.netfilter.nf_conntrack_tcp_loose=0'].map(
        (setting) => `ip netns exec ${router} sysctl -qw ${setting}`,
      ),
      `ip netns exec ${router} iptables -t nat -A POSTROUTING -o wan -j MASQUERADE`,
      // As home routers do: a connection that it does not know gets no answer at all.
      `ip netns exec ${router} iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP`,
    ])
      run(line);
    const port = await listenOutside(t, outside, target);
    const nat = new Nat(site, router, `127.0.0.1:${port}`);
    const child = await Child.spawn(t, {
      name: 'forwarder of the site',
      command: 'ip',
      args: [
        ...nat.inside.slice(1),
        process.execPath,
        join(REPOSITORY, 'test/support/nat-forward.ts'),
        nat.address,
        `${outside}:${port}`,
      ],
      env: sourcesEnv(),
    });
    await child.line('stdout', /^ready$/);
    return nat;
  }

  /** The router loses its line, and with it every mapping, as it does when it is restarted. */
  lineDown(): void {
    run(`ip -n ${this.#router} link set wan down`);
  }

  lineUp(): void {
    run(`ip -n ${this.#router} link set wan up`);
  }

  /** How many connections it translates. */
  mappings(): number {
    const table = run(`ip netns exec ${this.#router} cat /proc/net/nf_conntrack`);
    return table.split('\n').filter((line) => line.includes('ESTABLISHED')).length;
  }
}

async function listenOutside(t: TestContext, host: string, target: string): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (client) => forward(client, target));
  server.listen(0, host);
  await once(server, 'listening');
  atEnd(t, () => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function run(line: string): string {
  const [command = '', ...args] = line.split(' ');
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${line}: ${stderr}`);
  return stdout;
}
