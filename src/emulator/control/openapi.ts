import { z } from 'zod'
import { maxWaitMs } from '../long-poll.js'
import { Raw, type ControlRoute } from './route.js'
import { errorView } from './views.js'

type Json = Record<string, unknown>
type SchemaOf = (schema: z.ZodType, io: 'input' | 'output') => Json

/** The control API as OpenAPI 3.1, made from the very schemas that check it. */
export function openApi(routes: readonly ControlRoute[]): Json {
  const schemas: Json = {}
  const schemaOf: SchemaOf = (schema, io) => {
    const { $defs = {}, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
    delete own.$schema
    for (const [name, definition] of Object.entries($defs)) schemas[name] = inComponents(definition)
    return inComponents(own) as Json
  }
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, schemaOf) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'The control API of kefu’s emulated WeChat',
      version: '1',
      description: 'What customers do, what they see, and what goes wrong: docs/emulator.md.',
    },
    servers: [
      { url: '/_emulator' },
      {
        url: '/w/{world}/_emulator',
        description: 'The same of another world.',
        variables: { world: { default: 'test' } },
      },
    ],
    // Where the emulator has no key, none is asked for.
    security: [{}, { key: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
  }
}

function operationOf(route: ControlRoute, schemaOf: SchemaOf): Json {
  const { body, response } = route
  const parameters = [
    ...parametersOf('path', route.params, schemaOf),
    ...parametersOf('query', route.query, schemaOf),
  ]
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: route.bodyIsNeeded, content: contentOf(body, schemaOf, 'input') } }),
    responses: {
      ...(response === null
        ? { 204: { description: 'Done.' } }
        : { 200: { description: 'The answer.', content: contentOf(response, schemaOf, 'output') } }),
      default: {
        description: 'Refused: 400, 401, 403, 404, 405, 409, 413 or 415; the message names the field.',
        content: contentOf(errorView, schemaOf, 'output'),
      },
    },
  }
}

function contentOf(part: z.ZodType | Raw, schemaOf: SchemaOf, io: 'input' | 'output'): Json {
  if (!(part instanceof Raw)) return { 'application/json': { schema: schemaOf(part, io) } }
  const { mediaType, data } = part
  return { [mediaType]: data === undefined ? {} : { 'x-data': schemaOf(data, io) } }
}

function parametersOf(place: 'path' | 'query', object: z.ZodObject | undefined, schemaOf: SchemaOf): Json[] {
  const shape: Readonly<Record<string, z.ZodType>> = object?.shape ?? {}
  return Object.entries(shape).map(([name, part]) => {
    const { description, ...schema } = schemaOf(part, 'input')
    return {
      name,
      in: place,
      required: place === 'path',
      ...(description === undefined ? {} : { description }),
      schema: asNumber(name, schema),
    }
  })
}

/** A number comes as text, whose pattern says nothing to who writes a number. */
function asNumber(name: string, schema: Json): Json {
  if (!String(schema['pattern']).startsWith(String.raw`^\d{1,`)) return schema
  return { type: 'integer', minimum: 0, ...(name === 'wait' ? { maximum: maxWaitMs } : {}) }
}

/** `POST /apps/:appId/verify` is `postAppsAppIdVerify`. */
function operationId({ method, path }: ControlRoute): string {
  const words = path.split(/[^\w]+/).filter((word) => word !== '')
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

/** Zod's `#/$defs/NAME` are the document's components. */
function inComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inComponents)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', '#/components/schemas/')
        : inComponents(inner),
    ]),
  )
}
