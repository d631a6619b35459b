/**
 * Node's HTTP, without the rest of it. An `import` of `node:http` reads each of its exports, and some of these are fetch's: that
 * loads all of fetch, 6 MB of memory in a process that never uses it [run: Node 24.21, `RssAnon` and `RssFile` before and after].
 */
const http = process.getBuiltinModule('node:http');

export const { Agent, createServer, request } = http;
