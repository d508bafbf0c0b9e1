/** The operations of the OpenAPI description, and whether an answer is one of those it names. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { LightMyRequestResponse } from "fastify";

export type JsonSchema = Readonly<Record<string, unknown>>;

interface Answer {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly bodyType: string | undefined;
  readonly bodySchema: JsonSchema | undefined;
  readonly action: string;
  /** `undefined`: no session is needed. */
  readonly roles: readonly string[] | undefined;
  /** Of a service, each of which is enough. */
  readonly scopes: readonly string[];
  readonly responses: Readonly<Record<string, Answer>>;
}

export interface Description {
  readonly operations: readonly Operation[];
  /** Follows `#/components/schemas/…`. */
  resolve(schema: JsonSchema): JsonSchema;
  /** How an answer differs from the description; `undefined` when it does not. */
  judge(operation: Operation, answer: LightMyRequestResponse): string | undefined;
}

type Validate = (schema: JsonSchema, value: unknown) => string | undefined;

interface Raw {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

interface RawOperation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: JsonSchema }>> };
  readonly responses: Readonly<Record<string, Answer>>;
  readonly "x-action"?: string;
  readonly "x-roles"?: readonly string[];
  readonly "x-scopes"?: readonly string[];
}

export function readDescription(document: Raw): Description {
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  (formats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addSchema({ ...document, $id: "interface" });
  const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, raw]) => operationOf(method, path, raw)),
  );
  const validators = new Map<JsonSchema, ValidateFunction>();
  const validate = (schema: JsonSchema, value: unknown): string | undefined => {
    const text = JSON.stringify(schema).replaceAll('"#/components', '"interface#/components');
    const compiled = validators.get(schema) ?? ajv.compile(JSON.parse(text) as JsonSchema);
    validators.set(schema, compiled);
    return compiled(value) ? undefined : ajv.errorsText(compiled.errors);
  };
  return {
    operations,
    resolve: (schema) => {
      const name =
        /[^/]*$/.exec(JSON.stringify(schema["$ref"] ?? "").replaceAll('"', ""))?.[0] ?? "";
      return document.components.schemas[name] ?? schema;
    },
    judge: (operation, answer) => judge(operation, answer, validate),
  };
}

function operationOf(method: string, path: string, raw: RawOperation): Operation {
  const [bodyType, body] = Object.entries(raw.requestBody?.content ?? {})[0] ?? [];
  return {
    method: method.toUpperCase(),
    path,
    parameters: raw.parameters ?? [],
    bodyType,
    bodySchema: body?.schema,
    action: raw["x-action"] ?? "",
    roles: raw["x-roles"],
    scopes: raw["x-scopes"] ?? [],
    responses: raw.responses,
  };
}

function judge(
  operation: Operation,
  answer: LightMyRequestResponse,
  validate: Validate,
): string | undefined {
  const status = String(answer.statusCode);
  if (status === "500") return "an internal error";
  const described = operation.responses[status] ?? operation.responses[`${status[0]}XX`];
  if (!described) return `status ${status} is not described`;
  const { content = {}, headers = {} } = described;
  const missing = missingHeader(headers, answer);
  if (missing !== undefined) return missing;
  const type = (answer.headers["content-type"] ?? "").split(";")[0] ?? "";
  const isHead = operation.method === "HEAD";
  if (isHead && answer.body !== "") return "a HEAD with a body";
  if (isHead) return undefined;
  if (Object.keys(content).length === 0) {
    return answer.body === "" ? undefined : `status ${status} has a body that is not described`;
  }
  const found = content[type];
  if (!found) return `status ${status} comes as ${type || "nothing"}`;
  if (!type.endsWith("json") || !found.schema) return undefined;
  return misfit({ type, schema: found.schema, answer }, validate);
}

interface Body {
  readonly type: string;
  readonly schema: JsonSchema;
  readonly answer: LightMyRequestResponse;
}

function misfit({ type, schema, answer }: Body, validate: Validate): string | undefined {
  const { statusCode } = answer;
  const value = answer.json<{ status?: number }>();
  const wrong = validate(schema, value);
  if (wrong !== undefined) return `status ${statusCode}: ${wrong}`;
  const isProblem = type === "application/problem+json";
  return isProblem && value.status !== statusCode ? "the problem's status is another" : undefined;
}

function missingHeader(described: object, answer: LightMyRequestResponse): string | undefined {
  const missing = Object.keys(described).find((name) => !(name.toLowerCase() in answer.headers));
  return missing === undefined ? undefined : `status ${answer.statusCode} lacks ${missing}`;
}
