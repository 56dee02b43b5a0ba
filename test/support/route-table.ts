import { z } from 'zod'

const schema = z.record(z.string(), z.unknown())
const operation = z.looseObject({
  parameters: z.array(z.object({ name: z.string(), in: z.enum(['path', 'query']), schema })).default([]),
  requestBody: z
    .looseObject({
      'x-most-bytes': z.number().optional(),
      content: z.record(z.string(), z.looseObject({ schema: schema.optional() })),
    })
    .optional(),
})
const document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ schemas: z.record(z.string(), schema) }),
})
type JsonSchema = z.infer<typeof schema>

/** Where a value stands in a body: names and places in lists. */
export type Path = readonly (string | number)[]

export interface Leaf {
  readonly path: Path
  readonly kind: 'text' | 'number' | 'other'
}

/** A route as openapi.json has it, which is made from the routes themselves. */
export interface TableRoute {
  readonly method: string
  /** With {name} for each of its parameters. */
  readonly path: string
  readonly parameters: readonly { readonly name: string; readonly in: 'path' | 'query' }[]
  /** What its JSON body can hold; undefined when it takes none. */
  readonly leaves: readonly Leaf[] | undefined
  /** How many bytes of JSON it takes; undefined when it takes none. */
  readonly mostBytes: number | undefined
  readonly takesBytes: boolean
}

/** Reads the table of a service's routes. */
export async function routeTable(url: string): Promise<TableRoute[]> {
  const answer = await fetch(`${url}/api/v1/openapi.json`)
  const { paths, components } = document.parse(await answer.json())
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody }]) => {
      const json = requestBody?.content['application/json']?.schema
      return {
        method: method.toUpperCase(),
        path,
        parameters,
        leaves: json && leavesOf(json, components.schemas),
        mostBytes: requestBody?.['x-most-bytes'],
        takesBytes: requestBody !== undefined && json === undefined,
      }
    }),
  )
}

function leavesOf(root: JsonSchema, schemas: Readonly<Record<string, JsonSchema>>): Leaf[] {
  const leaves: Leaf[] = []
  const walk = (each: JsonSchema, path: Path): void => {
    if (path.length > 8) return
    const { $ref, anyOf, oneOf, properties, items, type } = each
    if (typeof $ref === 'string') walk(schemas[$ref.replace(/^.*\//, '')] ?? {}, path)
    else if (Array.isArray(anyOf) || Array.isArray(oneOf))
      for (const one of z.array(schema).parse(anyOf ?? oneOf)) walk(one, path)
    else if (properties !== undefined)
      for (const [name, inner] of Object.entries(z.record(z.string(), schema).parse(properties)))
        walk(inner, [...path, name])
    else if (items !== undefined) walk(schema.parse(items), [...path, 0])
    else if (type === 'string' || type === undefined) leaves.push({ path, kind: 'text' })
    else leaves.push({ path, kind: type === 'integer' || type === 'number' ? 'number' : 'other' })
  }
  walk(root, [])
  const known = new Map(leaves.map((leaf) => [JSON.stringify(leaf), leaf]))
  return [...known.values()]
}

/** A body that holds one value, there. */
export function bodyWith(path: Path, value: unknown): unknown {
  return path.reduceRight<unknown>(
    (inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }),
    value,
  )
}
