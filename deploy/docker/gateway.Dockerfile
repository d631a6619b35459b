# The gateway. From the repository's folder:
#
#   docker build -f deploy/docker/gateway.Dockerfile -t tributary-gateway .
#
# Both stages are of one Debian: what npm brings for one C library does not run with another.
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
# First what rarely changes, so that a change of sources installs nothing anew.
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY packages/shared/package.json packages/shared/
COPY packages/program/package.json packages/program/
COPY packages/reporter/package.json packages/reporter/
COPY packages/gateway/package.json packages/gateway/
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY packages/shared packages/shared
COPY packages/program packages/program
COPY packages/gateway packages/gateway
# What npm would ship of each, and what they need to run; the compiler and the tests stay behind.
RUN set -e; \
    node_modules/.bin/tsc -b packages/gateway; \
    for name in shared program gateway; do \
      npm pack --ignore-scripts --workspace packages/$name; \
      mkdir -p made/packages/$name; \
      tar -xzf tributary-$name-*.tgz --strip-components=1 -C made/packages/$name; \
    done; \
    npm ci --ignore-scripts --no-audit --no-fund --omit=dev --omit=optional --workspace packages/gateway; \
    mv node_modules made/

FROM node:${NODE_VERSION}-bookworm-slim
LABEL org.opencontainers.image.title="tributary-gateway" \
      org.opencontainers.image.description="Puts a whole fleet behind one Prometheus scrape target, with no gaps." \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY LICENSE ./
COPY --from=build /app/made ./
COPY deploy/docker/healthcheck.mjs ./
# A volume that is mounted here for the first time gets this owner.
RUN ln -s /app/packages/gateway/bin/tributary-gateway.js /usr/local/bin/tributary-gateway \
    && install -d -o 1000 -g 1000 -m 0700 /var/lib/tributary-gateway
# Beyond the container's loopback nobody is let in without a credential: until the first one was made (`token create`, in a container with the same
# volume), the gateway does not start, and says so. Never give it a way around that.
ENV NODE_ENV=production \
    TRIBUTARY_GATEWAY_STORAGE_PATH=/var/lib/tributary-gateway \
    TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS=:9750
# The image's user `node`, as a number: Kubernetes can only tell from a number that it is not root.
USER 1000:1000
VOLUME ["/var/lib/tributary-gateway"]
EXPOSE 9750
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["node", "/app/healthcheck.mjs"]
# Its first line starts node, with V8's flags, in its own place: signals reach the gateway itself.
ENTRYPOINT ["tributary-gateway"]
CMD ["serve"]
