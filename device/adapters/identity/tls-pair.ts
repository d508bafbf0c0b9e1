/**
 * The key and the certificate of this pillar in one file,
 * so that a crash leaves the old pair or the new one.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeWholeSync } from "../../../shared/host/whole-file.ts";
import { codeOf, Failure, reasonOf } from "../host/failure.ts";

/** Both PEM. */
export interface TlsPair {
  readonly tlsKey: string;
  readonly tlsCert: string;
}

export interface ReadTlsPair extends TlsPair {
  readonly certificate: X509Certificate;
}

const KEY = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/;

export function writeTlsPair(file: string, { tlsKey, tlsCert }: TlsPair): void {
  const text = `${tlsKey.trimEnd()}\n${tlsCert.trimEnd()}\n`;
  writeWholeSync([[file, text]]);
}

/** Throws a `Failure` unless a key and a certificate are there and belong together. */
export function readTlsPair(file: string): ReadTlsPair {
  const text = readPem(file);
  const [tlsKey] = KEY.exec(text) ?? [];
  const [tlsCert] = CERTIFICATE.exec(text) ?? [];
  if (!tlsKey || !tlsCert) throw damaged(file, "found one of them or none");
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(tlsCert);
    if (certificate.checkPrivateKey(createPrivateKey(tlsKey))) {
      return { tlsKey, tlsCert, certificate };
    }
  } catch (error) {
    throw damaged(file, reasonOf(error));
  }
  throw damaged(file, "found two that do not belong together");
}

const damaged = (file: string, found: string): Failure =>
  new Failure(
    "configuration",
    `${file} must hold a private key and its certificate, ${found}. Enrol again: anzhu-agent enrol`,
  );

export function readPem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = codeOf(error) === "ENOENT" ? "it is not there" : reasonOf(error);
    throw new Failure(
      "configuration",
      `${file} cannot be read: ${why}. This pillar has no identity yet? ` +
        "Get a code from the hub and run: anzhu-agent enrol -c agent.yaml --code CODE",
    );
  }
}
