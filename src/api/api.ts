import { setTimeout as delay } from 'node:timers/promises'
import { ApiError, ConfigError, NetworkError } from '../errors.js'
import { silentLogger, type Logger } from '../log.js'
import { explainErrcode, sendBody, type OutgoingMessage } from '../wechat/index.js'
import { AccessToken, readToken, type FetchedToken } from './access-token.js'
import { imageForm, type Media, type MediaSource } from './media.js'
import { remedyFor, waitBeforeRetry, type Remedy } from './retry.js'
import { memoryTokenStore, type TokenStore } from './token-store.js'
import { Transport, type Call, type Reply } from './transport.js'

export interface ApiOptions {
  readonly appId: string
  readonly appSecret: string
  /** Another address than https://api.weixin.qq.com: an emulator, one of WeChat's other hosts, a relay. */
  readonly url?: string | undefined
  /** An HTTP proxy to reach it through. */
  readonly proxy?: string | undefined
  /** Where the access token is kept; in this process when not given, which is right for one process only. */
  readonly tokenStore?: TokenStore | undefined
  /** `stable` (stable_token, what WeChat recommends) when not given, or `classic` (token). */
  readonly tokenKind?: 'stable' | 'classic' | undefined
  /** How long one request may take, in milliseconds; 10 000 when not given. */
  readonly timeoutMs?: number | undefined
  readonly logger?: Logger | undefined
  /** The clock, in milliseconds since 1970, and the waiting between tries: for tests. */
  readonly now?: () => number
  readonly wait?: (milliseconds: number) => Promise<unknown>
}

/** An answer's JSON. */
type Json = Readonly<Record<string, unknown>>

/** What is left of an API path's daily calls. */
export interface Quota {
  readonly dailyLimit: number
  readonly used: number
  readonly remain: number
}

const SEND = '/cgi-bin/message/custom/send'
// The pages disagree about which of the two is a Mini Program's (wechat.md 5.5): the first, unless WeChat says otherwise.
const TYPING = '/cgi-bin/message/custom/typing'
const TYPING_BUSINESS = '/cgi-bin/message/custom/business/typing'
const STABLE_TOKEN = '/cgi-bin/stable_token'
const CLASSIC_TOKEN = '/cgi-bin/token'

/**
 * WeChat's customer-service API for one Mini Program, with its access token looked after.
 *
 * Every method throws ApiError when WeChat says no and NetworkError when there is no answer. Only what WeChat
 * certainly did not accept is sent again by itself (see remedyFor).
 * Source: https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/
 */
export class Api {
  readonly appId: string
  readonly #appSecret: string
  readonly #transport: Transport
  readonly #token: AccessToken
  readonly #logger: Logger
  readonly #wait: (milliseconds: number) => Promise<void>
  #typingPath = TYPING

  constructor(options: ApiOptions) {
    if (options.appId === '')
      throw new ConfigError('appId is empty: it is the Mini Program’s AppID, wx and 16 digits.')
    if (options.appSecret === '')
      throw new ConfigError(
        'appSecret is empty: it is the AppSecret shown once at mp.weixin.qq.com (开发管理 › 开发设置).',
      )
    const { now = Date.now, wait = delay, tokenKind = 'stable', logger = silentLogger } = options
    this.appId = options.appId
    this.#appSecret = options.appSecret
    this.#transport = new Transport(options)
    this.#logger = logger
    this.#wait = async (milliseconds) => {
      await wait(milliseconds)
    }
    const stable = tokenKind === 'stable'
    this.#token = new AccessToken({
      key: `${options.appId}:${tokenKind}@${this.#transport.host}`,
      store: options.tokenStore ?? memoryTokenStore(),
      stable,
      fetch: (force) => this.#retrying(() => (stable ? this.#fetchStable(force) : this.#fetchClassic())),
      logger,
      now,
      wait: this.#wait,
    })
  }

  /** Sends one message to a customer. Resolves when WeChat has accepted it; WeChat does not tell whether it was read. */
  async send(openId: string, message: OutgoingMessage): Promise<void> {
    await this.#post(SEND, sendBody(openId, message))
  }

  /** Shows the customer "typing" for 15 s, or ends it. WeChat wants an interaction in the last 30 s. */
  async setTyping(openId: string, on: boolean): Promise<void> {
    const body = { touser: openId, command: on ? 'Typing' : 'CancelTyping' }
    try {
      await this.#post(this.#typingPath, body)
    } catch (error) {
      const wrongPath = error instanceof ApiError && (error.errcode === 40101 || error.errcode === 40200)
      if (!wrongPath || this.#typingPath === TYPING_BUSINESS) throw error
      await this.#post(TYPING_BUSINESS, body)
      this.#typingPath = TYPING_BUSINESS
    }
  }

  /**
   * Uploads a picture (PNG, JPG or GIF, at most 2 MB) and gives its media id, good for three days and any
   * number of messages. Throws MediaError before anything is sent when the file can't be right.
   */
  async uploadTempMedia(
    source: MediaSource,
    options: { filename?: string } = {},
  ): Promise<{ mediaId: string; createdAt: Date }> {
    const path = '/cgi-bin/media/upload'
    const body = await imageForm(source, options.filename)
    const answer = await this.#authorised({ method: 'POST', path, query: { type: 'image' }, body }, (reply) =>
      this.#json(path, reply),
    )
    const { media_id: mediaId, created_at: createdAt } = answer
    if (typeof mediaId !== 'string') throw this.#unexpected(path, 'no media_id in the answer')
    return { mediaId, createdAt: new Date(Number(createdAt) * 1000) }
  }

  /** Fetches a picture that a customer sent or that was uploaded. The body is a stream, to be read or destroyed. */
  async getTempMedia(mediaId: string): Promise<Media> {
    const path = '/cgi-bin/media/get'
    return this.#authorised({ method: 'GET', path, query: { media_id: mediaId } }, async (reply) => {
      const contentType = header(reply, 'content-type') ?? 'application/octet-stream'
      // WeChat hides errors in a 200, as JSON that it may call text/plain.
      if (reply.statusCode !== 200 || /^(application\/json|text\/)/.test(contentType)) {
        await this.#json(path, reply)
        throw this.#unexpected(path, 'an answer that is neither a picture nor an error')
      }
      const length = header(reply, 'content-length')
      return {
        contentType,
        contentLength: length === undefined ? undefined : Number(length),
        filename: /filename="([^"]*)"/.exec(header(reply, 'content-disposition') ?? '')?.[1],
        body: reply.body,
      }
    })
  }

  /** What is left of a path's daily calls, such as `/cgi-bin/message/custom/send`. */
  async getQuota(cgiPath: string): Promise<Quota> {
    const path = '/cgi-bin/openapi/quota/get'
    const { quota } = await this.#post(path, { cgi_path: cgiPath })
    if (!isJson(quota)) throw this.#unexpected(path, 'no quota in the answer')
    return {
      dailyLimit: Number(quota['daily_limit']),
      used: Number(quota['used']),
      remain: Number(quota['remain']),
    }
  }

  /** Sets all daily counts back to zero. WeChat allows it ten times a month. */
  async clearQuota(): Promise<void> {
    await this.#post('/cgi-bin/clear_quota', { appid: this.appId })
  }

  /** What WeChat noted about a failed call; the rid is in ApiError, and kept for seven days. */
  async getRid(rid: string): Promise<Json> {
    const path = '/cgi-bin/openapi/rid/get'
    const { request } = await this.#post(path, { rid })
    if (!isJson(request)) throw this.#unexpected(path, 'no request in the answer')
    return request
  }

  /** The addresses that pushes come from. They change: look them up daily, do not pin them. */
  async getCallbackIps(): Promise<string[]> {
    return this.#ipList('/cgi-bin/getcallbackip')
  }

  /** The addresses of WeChat's API. */
  async getApiDomainIps(): Promise<string[]> {
    return this.#ipList('/cgi-bin/get_api_domain_ip')
  }

  /** Lets WeChat try to reach the push URL's host, by DNS and ping. */
  async checkCallback(action: 'dns' | 'ping' | 'all' = 'all'): Promise<Json> {
    return this.#post('/cgi-bin/callback/check', { action, check_operator: 'DEFAULT' })
  }

  /** A token that works now, for calls that kefu does not know. */
  async getAccessToken(): Promise<string> {
    return this.#token.get()
  }

  /** Ends the connections, after the calls under way. */
  async close(): Promise<void> {
    await this.#transport.close()
  }

  async #ipList(path: string): Promise<string[]> {
    const { ip_list: list } = await this.#authorised({ method: 'GET', path }, (reply) =>
      this.#json(path, reply),
    )
    if (!Array.isArray(list)) throw this.#unexpected(path, 'no ip_list in the answer')
    return list.map(String)
  }

  #post(path: string, body: Json): Promise<Json> {
    return this.#authorised({ method: 'POST', path, body }, (reply) => this.#json(path, reply))
  }

  /** A call with the access token, renewed once where WeChat refuses it. */
  #authorised<T>(call: Call, read: (reply: Reply) => Promise<T>): Promise<T> {
    let token: string | undefined
    return this.#retrying(
      async () => {
        token ??= await this.#token.get()
        return read(await this.#transport.call({ ...call, query: { access_token: token, ...call.query } }))
      },
      async () => {
        // Without a token it was the fetch that failed, which has had its own tries.
        if (token === undefined) return false
        token = await this.#token.replace(token)
        return true
      },
    )
  }

  /** Tries again as remedyFor allows; `replaceToken` says whether there was a token to replace. */
  async #retrying<T>(
    attempt: () => Promise<T>,
    replaceToken = async (): Promise<boolean> => false,
  ): Promise<T> {
    const tried: Partial<Record<Remedy, number>> = {}
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        const remedy = remedyFor(error)
        const wait = waitBeforeRetry(remedy, tried)
        if (wait === undefined) throw error
        if (remedy === 'token' && !(await replaceToken())) throw error
        this.#logger.debug({ appId: this.appId, error, remedy, wait }, 'the call is made again')
        tried[remedy] = (tried[remedy] ?? 0) + 1
        if (wait > 0) await this.#wait(wait)
      }
    }
  }

  async #fetchStable(force: boolean): Promise<FetchedToken> {
    const body = {
      grant_type: 'client_credential',
      appid: this.appId,
      secret: this.#appSecret,
      force_refresh: force,
    }
    const reply = await this.#transport.call({ method: 'POST', path: STABLE_TOKEN, body })
    return readToken(await this.#json(STABLE_TOKEN, reply), STABLE_TOKEN)
  }

  async #fetchClassic(): Promise<FetchedToken> {
    const query = { grant_type: 'client_credential', appid: this.appId, secret: this.#appSecret }
    const reply = await this.#transport.call({ method: 'GET', path: CLASSIC_TOKEN, query })
    return readToken(await this.#json(CLASSIC_TOKEN, reply), CLASSIC_TOKEN)
  }

  /** Reads a JSON answer; what is not JSON leaves open whether WeChat acted. */
  async #json(path: string, reply: Reply): Promise<Json> {
    const text = await this.#transport.text(path, reply)
    let answer: unknown
    try {
      answer = JSON.parse(text)
    } catch {
      answer = undefined
    }
    if (!isJson(answer) || reply.statusCode >= 500)
      throw new NetworkError(
        `${path}: the answer (HTTP ${reply.statusCode}) is not WeChat’s JSON. WeChat may have acted on the request; it is not sent again by itself.`,
        { accepted: 'unknown', path },
      )
    const { errcode, errmsg } = answer
    if (typeof errcode === 'number' && errcode !== 0)
      throw apiError(path, errcode, this.#redact(typeof errmsg === 'string' ? errmsg : ''))
    return answer
  }

  /** WeChat's words, without what must not reach a log should they ever repeat it. */
  #redact(words: string): string {
    return words
      .replaceAll(this.#appSecret, '***')
      .replace(/[\w-]{64,}/g, '***')
      .replace(/\p{Cc}/gu, ' ')
      .slice(0, 300)
  }

  #unexpected(path: string, errmsg: string): ApiError {
    return apiError(path, NaN, errmsg)
  }
}

function apiError(path: string, errcode: number, errmsg: string): ApiError {
  const [, words = errmsg, rid] = /^(.*?),?\s*rid:\s*([\w-]+)\s*$/s.exec(errmsg) ?? []
  const { name, en } = explainErrcode(errcode)
  return new ApiError({ errcode, errmsg: words, rid, path, reason: name, explanation: en })
}

function header(reply: Reply, name: string): string | undefined {
  const value = reply.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
