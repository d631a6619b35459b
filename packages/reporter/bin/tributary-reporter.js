#!/usr/bin/env -S node --max-semi-space-size=1 --max-old-space-size=96 --lite-mode
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`tributary-reporter: Node.js 22.18 or later is needed, this is ${process.version}\n`);
  process.exit(1);
}
// While the program is loaded, which takes a moment: told to read its files again it would end, and it has read none yet.
process.on('SIGHUP', () => {});
await import('../dist/main.js');
