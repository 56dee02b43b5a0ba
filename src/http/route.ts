import type { Context } from 'koa'
import { z } from 'zod'
import { parseInput, type InputRules } from './input.js'
import type { Principal } from './principal.js'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Who may ask: anybody, any signed-in agent or program, or those who may change how the service works. */
export type Access = 'public' | 'agent' | 'admin'

/** A body or an answer that is not JSON: bytes, a table, a stream of events. The handler reads or writes it itself. */
export class Raw {
  /** Its media type, such as `text/csv` or `image/*`. */
  readonly mediaType: string

  constructor(mediaType: string) {
    this.mediaType = mediaType
  }
}

/** JSON of a schema, bytes, or nothing (204). */
export type ResponseBody = z.ZodType | Raw | null

type Input<S> = S extends z.ZodType ? z.output<S> : undefined
type Output<A> = A extends z.ZodType ? Promise<DeepReadonly<z.input<A>>> : Promise<void>
type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T

/** The arguments of a handler: its input, checked, and who asks. */
export interface RouteRequest<P, Q, B, X extends Access> {
  readonly params: Input<P>
  readonly query: Input<Q>
  readonly body: Input<B>
  readonly principal: X extends 'public' ? undefined : Principal
  readonly ctx: Context
}

export interface RouteDefinition<
  X extends Access,
  A extends ResponseBody,
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType | Raw | undefined,
> {
  readonly method: Method
  /** Below /api/v1, with `:name` for each of `params`. */
  readonly path: string
  /** One sentence for openapi.json. */
  readonly summary: string
  readonly access: X
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  /** Bytes of JSON at most, up to a megabyte; 128 KiB when not given. */
  readonly bodyLimit?: number
  /** Takes also text that not every database keeps: what is typed to sign in is wrong like any other, and never kept. */
  readonly anyText?: boolean
  readonly response: A
  /** 200 when not given, 204 without an answer. */
  readonly status?: 200 | 201 | 202
  handle(request: RouteRequest<P, Q, B, X>): Output<A>
}

/** The request, before it is checked. */
export interface RawRequest {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly principal: Principal | undefined
  readonly ctx: Context
}

/** A route as data: what the router serves and openapi.json describes. */
export interface Route {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly access: Access
  readonly params: z.ZodObject | undefined
  readonly query: z.ZodObject | undefined
  readonly body: z.ZodType | Raw | undefined
  readonly bodyLimit: number
  readonly response: ResponseBody
  readonly status: number
  /** Checks the input and answers. Throws HttpError that names what is wrong with it. */
  run(request: RawRequest): Promise<unknown>
}

const BODY_BYTES = 128 * 1024
/** Bytes. A larger body is a picture or a file, and no JSON: parsing it would cost everybody. */
const MAX_BODY_BYTES = 1024 * 1024
/** Bytes. Written text has more for each of its values; a list of nothing has three. */
const BYTES_PER_PART = 10

/** A route of the API, its handler typed by its schemas. */
export function route<
  const X extends Access,
  A extends ResponseBody,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | Raw | undefined = undefined,
>(definition: RouteDefinition<X, A, P, Q, B>): Route {
  const { method, path, params, query, body, bodyLimit = BODY_BYTES, anyText, response } = definition
  if (bodyLimit > MAX_BODY_BYTES)
    throw new Error(`${method} ${path} takes ${bodyLimit} bytes of JSON: at most ${MAX_BODY_BYTES} may be.`)
  return {
    method,
    path,
    summary: definition.summary,
    access: definition.access,
    params,
    query,
    body,
    bodyLimit,
    response: response,
    status: definition.status ?? (response === null ? 204 : 200),
    run: async (request) =>
      definition.handle({
        params: checked(params, request.params, 'not_found'),
        query: checked(query, request.query, 'bad_request'),
        body: checked(body, request.body, 'invalid', { mostParts: bodyLimit / BYTES_PER_PART, anyText }),
        // The router lets nobody in whom `access` keeps out.
        principal: request.principal as X extends 'public' ? undefined : Principal,
        ctx: request.ctx,
      }),
  }
}

/** Decodes one part of the request. */
function checked<S extends z.ZodType | Raw | undefined>(
  schema: S | undefined,
  value: unknown,
  code: 'not_found' | 'bad_request' | 'invalid',
  rules?: InputRules,
): Input<S> {
  return (schema instanceof z.ZodType ? parseInput(schema, value, code, rules) : undefined) as Input<S>
}
