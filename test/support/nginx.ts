/** A real nginx before a gateway, on loopback: one port keeps its upstream connections, the other makes one a request. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Child } from './child.ts';
import { eventually } from './eventually.ts';
import { pathOf } from './peers.ts';
import { stablePort } from './ports.ts';
import { tempDir } from './temp-dir.ts';

export interface Nginx extends AsyncDisposable {
  /** `host:port` where upstream connections are kept alive (HTTP/1.1). */
  readonly keeping: string;
  /**
   * `host:port` with a connection a request. Not by HTTP/1.0, which is nginx's default: a gateway without credentials takes
   * that for what it is, a proxy's, and refuses it.
   */
  readonly closing: string;
}

/** @param gateway `host:port`. */
export async function startNginx(t: TestContext, gateway: string): Promise<Nginx> {
  const folder = await tempDir(t);
  await mkdir(join(folder, 'tmp'));
  const keeping = `127.0.0.1:${await stablePort()}`;
  const closing = `127.0.0.1:${await stablePort()}`;
  const configFile = join(folder, 'nginx.conf');
  await writeFile(configFile, configText(folder, gateway, keeping, closing));
  const child = await Child.spawn(t, {
    name: 'nginx',
    command: pathOf('NGINX'),
    args: ['-p', folder, '-e', 'stderr', '-c', configFile],
    cwd: folder,
  });
  await eventually('nginx listens', async () => {
    if (child.exit !== null) throw new Error(child.describe());
    return (await fetch(`http://${keeping}/-/healthy`)).ok;
  });
  return { keeping, closing, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}

function configText(folder: string, gateway: string, keeping: string, closing: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, 'tmp', name)};`)
    .join('\n  ');
  // Without a user that may read the folder the workers could not make their files; as nobody else it is ignored.
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary}
  upstream kept { server ${gateway}; keepalive 8; keepalive_timeout 300s; }
  server {
    listen ${keeping};
    location / {
      proxy_pass http://kept;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
  server {
    listen ${closing};
    location / {
      proxy_pass http://${gateway};
      proxy_http_version 1.1;
      proxy_set_header Connection close;
      proxy_set_header Host $http_host;
    }
  }
}
`;
}
