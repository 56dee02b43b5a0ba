import { z } from 'zod'

interface Operation {
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema?: object }> }>>
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

export interface ApiCall {
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | number>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What came back, its body checked against what openapi.json says about that status. */
export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
  /** What it says where it refuses; empty where it does not. */
  readonly error: { readonly code: string; readonly message: string }
  readonly headers: Headers
}

const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

/**
 * The HTTP API as a program uses it: `call('POST /conversations/:id/take', { params: { id: 1 } })`. Every answer is
 * checked against the service's own openapi.json.
 */
export class ApiClient {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  #document: Promise<Document> | undefined

  constructor(url: string, key: string | undefined, headers: Readonly<Record<string, string>> = {}) {
    this.#url = `${url}/api/v1`
    this.#headers = { ...headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) }
  }

  async document(): Promise<Document> {
    this.#document ??= fetch(`${this.#url}/openapi.json`).then(
      async (answer) => (await answer.json()) as Document,
    )
    return this.#document
  }

  /** Calls a route by its method and path; a path's `:name` comes from `params`. */
  async call(
    route: string,
    { params = {}, query = {}, body, headers = {} }: ApiCall = {},
  ): Promise<ApiAnswer> {
    const [method = '', template = ''] = route.split(' ')
    const path = template.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
    const search = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    )
    const answer = await fetch(`${this.#url}${path}${search.size > 0 ? `?${search.toString()}` : ''}`, {
      method,
      headers: {
        ...this.#headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true
    const parsed: unknown = isJson ? JSON.parse(text) : text
    await this.#check(method, template, answer.status, isJson, parsed)
    const { error } = errorBody.safeParse(parsed).data ?? { error: { code: '', message: '' } }
    return { status: answer.status, body: parsed, error, headers: answer.headers }
  }

  /** As call, and throws unless it went well. */
  async ok(route: string, call: ApiCall = {}): Promise<unknown> {
    const { status, body } = await this.call(route, call)
    if (status >= 300) throw new Error(`${route} answered ${status}: ${JSON.stringify(body)}`)
    return body
  }

  /** As ok, with the answer's type. */
  async get<S extends z.ZodType>(schema: S, route: string, call: ApiCall = {}): Promise<z.output<S>> {
    return schema.parse(await this.ok(route, call))
  }

  async #check(
    method: string,
    template: string,
    status: number,
    isJson: boolean,
    body: unknown,
  ): Promise<void> {
    const document = await this.document()
    const operation = document.paths[template.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    if (!operation) throw new Error(`openapi.json has no ${method} ${template}`)
    const response = operation.responses[status] ?? operation.responses['default']
    if (!isJson) {
      if (response?.content?.['application/json'])
        throw new Error(`${method} ${template} did not answer JSON`)
      return
    }
    const schema = response?.content?.['application/json']?.schema
    if (!schema)
      throw new Error(`openapi.json does not say that ${method} ${template} answers JSON with ${status}`)
    const result = checker(schema, document).safeParse(body)
    if (!result.success)
      throw new Error(`${method} ${template} answered ${status} against its schema: ${result.error.message}`)
  }
}

const checkers = new Map<string, z.ZodType>()

function checker(schema: object, { components }: Document): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: components.schemas }).replaceAll(
    '#/components/schemas/',
    '#/$defs/',
  )
  const known = checkers.get(text)
  if (known) return known
  const made = z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0])
  checkers.set(text, made)
  return made
}

function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' || body instanceof Uint8Array
}
