import { z } from 'zod'
import { errorAnswer } from './schemas/error.js'
import { Raw, type Route } from './route.js'
import type { OpenApiDocument } from './schemas/openapi-document.js'

export type { OpenApiDocument }

type Json = Record<string, unknown>

/** The routes as OpenAPI 3.1, whose schemas are JSON Schema as zod writes it. */
export function openApi(routes: readonly Route[]): OpenApiDocument {
  const schemas: Json = {}
  const paths: Record<string, Json> = {}
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
    const { $defs = {}, ...own } = z.toJSONSchema(schema, { io })
    delete own.$schema
    for (const [name, definition] of Object.entries($defs)) schemas[name] = hoisted(definition)
    return hoisted(own) as Json
  }
  const error = { 'application/json': { schema: schemaOf(errorAnswer, 'output') } }
  for (const each of routes) {
    const path = each.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = {
      ...paths[path],
      [each.method.toLowerCase()]: {
        operationId: operationId(each),
        summary: each.summary,
        'x-access': each.access,
        ...(each.access === 'public' ? { security: [] } : {}),
        ...parametersOf(each, schemaOf),
        ...(each.body === undefined
          ? {}
          : {
              requestBody: {
                required: isNeeded(each.body),
                ...(each.body instanceof Raw ? {} : { 'x-most-bytes': each.bodyLimit }),
                content: contentOf(each.body, schemaOf, 'input'),
              },
            }),
        responses: {
          [each.status]:
            each.response === null
              ? { description: 'Done.' }
              : { description: 'The answer.', content: contentOf(each.response, schemaOf, 'output') },
          default: { description: 'Refused: 400, 401, 403, 404, 409, 413, 422, 429 or 503.', content: error },
        },
      },
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'kefu', version: '1', description: 'Customer service for WeChat Mini Programs.' },
    servers: [{ url: '/api/v1' }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
    },
  }
}

type SchemaOf = (schema: z.ZodType, io: 'input' | 'output') => Json

function contentOf(part: z.ZodType | Raw, schemaOf: SchemaOf, io: 'input' | 'output'): Json {
  return part instanceof Raw
    ? { [part.mediaType]: {} }
    : { 'application/json': { schema: schemaOf(part, io) } }
}

function parametersOf({ params, query }: Route, schemaOf: SchemaOf): Json {
  const parameters = [
    ...membersOf(params).map(([name, schema]) => ({
      name,
      in: 'path',
      required: true,
      schema: asNumber(schemaOf(schema, 'input')),
    })),
    ...membersOf(query).map(([name, schema]) => ({
      name,
      in: 'query',
      required: isNeeded(schema),
      schema: asNumber(schemaOf(schema, 'input')),
    })),
  ]
  return parameters.length === 0 ? {} : { parameters }
}

/** A number comes as text, whose pattern says nothing to who writes a number. */
function asNumber(schema: Json): Json {
  if (schema['type'] === 'integer') delete schema['pattern']
  return schema
}

/** Whether it can't be left out. */
function isNeeded(part: z.ZodType | Raw): boolean {
  return part instanceof Raw || !part.safeParse(undefined).success
}

/** A shape's members are typed as zod's core types; all of them are made by z. */
function membersOf(object: z.ZodObject | undefined): [string, z.ZodType][] {
  const shape: Readonly<Record<string, z.ZodType>> = object?.shape ?? {}
  return Object.entries(shape)
}

/** `take` of `POST /conversations/:id/take` is `postConversationsIdTake`. */
function operationId({ method, path }: Route): string {
  const words = path.split(/[^\w]+/).filter((word) => word !== '')
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

/** Zod's `#/$defs/NAME` are the document's components. */
function hoisted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hoisted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', '#/components/schemas/')
        : hoisted(inner),
    ]),
  )
}
