# The reporter, as one executable file. From the repository's folder:
#
#   docker build -f deploy/docker/reporter.Dockerfile -t tributary-reporter .
#
# It tells of the host only if it is shown the host: see compose.yml.
ARG NODE_VERSION=24.21.0
ARG DEBIAN_VERSION=12.12

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
# First what rarely changes, so that a change of sources installs nothing anew.
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY packages/shared/package.json packages/shared/
COPY packages/program/package.json packages/program/
COPY packages/reporter/package.json packages/reporter/
COPY packages/gateway/package.json packages/gateway/
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts scripts
COPY packages/shared packages/shared
COPY packages/program packages/program
COPY packages/reporter packages/reporter
# Its name ends with the platform: x64 or arm64.
RUN node scripts/build-binary.mjs /made \
    && mv /made/*.licenses.txt /made/LICENSES.txt \
    && mv /made/tributary-reporter-linux-* /made/tributary-reporter

# Not distroless: an init container that gives a folder of the host to the reporter's user needs chown, and a person who
# looks for what is wrong a shell.
FROM debian:${DEBIAN_VERSION}-slim
LABEL org.opencontainers.image.title="tributary-reporter" \
      org.opencontainers.image.description="Samples one host and streams it to a Tributary gateway." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY LICENSE /usr/share/doc/tributary-reporter/
COPY --from=build /made/LICENSES.txt /usr/share/doc/tributary-reporter/
COPY --from=build /made/tributary-reporter /usr/local/bin/
# A volume that is mounted here for the first time gets this owner.
RUN install -d -o 65532 -g 65532 -m 0700 /var/lib/tributary-reporter
ENV TRIBUTARY_REPORTER_SPOOL_PATH=/var/lib/tributary-reporter \
    TRIBUTARY_REPORTER_WEB_LISTEN_ADDRESS=127.0.0.1:9751
# A number: Kubernetes can only tell from a number that it is not root.
USER 65532:65532
VOLUME ["/var/lib/tributary-reporter"]
STOPSIGNAL SIGTERM
# It asks the reporter at the address above, whether it samples and its spool takes what it samples.
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s --retries=3 CMD ["tributary-reporter", "health"]
ENTRYPOINT ["tributary-reporter"]
CMD ["run"]
