import { Ajv, type ErrorObject } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { HotlineError } from '../errors.js';

const options = { useDefaults: true, verbose: true, strict: false, allErrors: false } as const;
/** Text in addresses and headers is turned into numbers; a body says what it means. */
const loose = new Ajv({ ...options, coerceTypes: true });
const exact = new Ajv(options);
for (const ajv of [loose, exact]) addFormats.default(ajv, ['date-time', 'date', 'uuid']);

export const compileSchema: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) =>
  (httpPart === 'body' ? exact : loose).compile(schema);

const partNames: Readonly<Record<string, string>> = { querystring: 'query' };

/** The first error as one of the registry: which field, what fits, never the value. */
export function validationError(errors: readonly Partial<ErrorObject>[], part: string): HotlineError {
  const error = errors.findLast(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf') ?? errors[0] ?? {};
  const path = (error.instancePath ?? '').split('/').filter((step) => step !== '');
  const { missingProperty, additionalProperty } = (error.params ?? {}) as Record<string, string | undefined>;
  const leaf = missingProperty ?? additionalProperty;
  const field = [partNames[part] ?? part, ...path, ...(leaf === undefined ? [] : [leaf])].join('.');
  return new HotlineError('request.invalid', { field: field.slice(0, 200), allowed: allowedBy(error) });
}

/** In words and lists what the schema at the error would take. */
function allowedBy({ keyword, params = {}, parentSchema = {} }: Partial<ErrorObject>): readonly string[] | string {
  switch (keyword) {
    case 'enum':
      return (params as { allowedValues: unknown[] }).allowedValues.map(String);
    case 'const':
      return [String((params as { allowedValue: unknown }).allowedValue)];
    case 'additionalProperties':
      return Object.keys((parentSchema as { properties?: object }).properties ?? {});
    case 'required': {
      const { missingProperty } = params as { missingProperty: string };
      return describe(
        (parentSchema as { properties?: Record<string, JsonSchema> }).properties?.[missingProperty] ?? {},
      );
    }
    default:
      return describe(parentSchema as JsonSchema);
  }
}

interface JsonSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
  minProperties?: number;
}

function describe(schema: JsonSchema): readonly string[] | string {
  if (schema.enum) return schema.enum.map(String);
  if (schema.const !== undefined) return [String(schema.const)];
  if (schema.anyOf) return schema.anyOf.flatMap((branch) => describe(branch));
  const limits = [
    schema.type,
    between(schema.minimum, schema.maximum, ''),
    between(schema.minLength, schema.maxLength, ' characters'),
    between(schema.minItems, schema.maxItems, ' items'),
    between(schema.minProperties, undefined, ' fields'),
    schema.format && `format ${schema.format}`,
    schema.pattern && `pattern ${schema.pattern}`,
  ];
  return limits.filter((limit) => limit).join(', ');
}

function between(low: number | undefined, high: number | undefined, unit: string): string {
  if (low === undefined && high === undefined) return '';
  if (low === undefined) return `at most ${high}${unit}`;
  return high === undefined ? `at least ${low}${unit}` : `${low} to ${high}${unit}`;
}
