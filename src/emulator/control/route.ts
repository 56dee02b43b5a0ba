import type { Context } from 'koa'
import { z } from 'zod'
import { jsonInput } from '../control-http.js'
import { parseInput } from '../control-input.js'
import type { Door } from '../key.js'
import type { PushHosts } from '../push-hosts.js'
import type { World } from '../world.js'
import type { Worlds } from '../worlds.js'

/** A body that is not JSON, such as a picture: the handler reads or writes it itself. */
export class Raw {
  readonly mediaType: string
  /** Of a stream of events: the JSON of each. */
  readonly data: z.ZodType | undefined

  constructor(mediaType: string, data?: z.ZodType) {
    this.mediaType = mediaType
    this.data = data
  }
}

/** What every handler may use besides its request. */
export interface ControlParts {
  /** The one that the request means. */
  readonly world: World
  readonly worlds: Worlds
  /** Undefined where no key is asked for. */
  readonly door: Door | undefined
  readonly pushHosts: PushHosts
  readonly pushTimeoutMs: number
}

type Input<S> = S extends z.ZodType ? z.output<S> : undefined
type Output<A> = A extends z.ZodType ? DeepReadonly<z.input<A>> : undefined
type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T

/** The arguments of a handler: its input, checked. */
export interface ControlRequest<P, Q, B> extends ControlParts {
  readonly params: Input<P>
  readonly query: Input<Q>
  readonly body: Input<B>
  readonly ctx: Context
}

export type WorldUse = 'opened' | 'existing' | 'none'
export type Method = 'GET' | 'POST' | 'DELETE'

interface Definition<P, Q, B, A> {
  readonly method: Method
  /** Below /_emulator, with `:name` for each of `params`. */
  readonly path: string
  /** One sentence for openapi.json. */
  readonly summary: string
  /** `none`: it is the whole emulator's; `existing`: it makes no world where there is none; `opened` when not given. */
  readonly world?: WorldUse
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  /** Stands for a body that is left out; without it one is needed. */
  readonly emptyBody?: unknown
  /** JSON of a schema, other bytes, or nothing (204). */
  readonly response: A
  readonly handle: (request: ControlRequest<P, Q, B>) => Output<A> | Promise<Output<A>>
}

/** A route as data: what the router serves and openapi.json describes. */
export interface ControlRoute {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly world: WorldUse
  readonly params: z.ZodObject | undefined
  readonly query: z.ZodObject | undefined
  readonly body: z.ZodType | Raw | undefined
  readonly bodyIsNeeded: boolean
  readonly response: z.ZodType | Raw | null
  /** Checks the request and answers it. Throws ConfigError and ControlError. */
  run(ctx: Context, params: unknown, parts: ControlParts): Promise<void>
}

/** A route of the control API, its handler typed by its schemas. */
export function route<
  A extends z.ZodType | Raw | null,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | Raw | undefined = undefined,
>(definition: Definition<P, Q, B, A>): ControlRoute {
  const { method, path, summary, params, query, body, emptyBody, response } = definition
  return {
    method,
    path,
    summary,
    world: definition.world ?? 'opened',
    params,
    query,
    body,
    bodyIsNeeded: body !== undefined && emptyBody === undefined,
    response,
    async run(ctx, given, parts) {
      const result = await definition.handle({
        ...parts,
        params: checked(params, given),
        query: checked(query, { ...ctx.query }),
        body: checked(body, body instanceof z.ZodType ? await jsonInput(ctx, emptyBody) : undefined),
        ctx,
      })
      if (response === null) ctx.status = 204
      else if (!(response instanceof Raw)) ctx.body = result
    },
  }
}

function checked<S extends z.ZodType | Raw | undefined>(schema: S | undefined, value: unknown): Input<S> {
  return (schema instanceof z.ZodType ? parseInput(schema, value) : undefined) as Input<S>
}
