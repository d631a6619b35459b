#!/usr/bin/env -S node --max-semi-space-size=16
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`tributary-gateway: Node.js 22.18 or later is needed, this is ${process.version}\n`);
  process.exit(1);
}
await import('../dist/main.js');
