import { setTimeout as delay } from 'node:timers/promises'
import { ApiError, ConfigError, NetworkError, type ErrorWords } from '../errors.js'
import { silentLogger, type Logger } from '../log.js'
import { sendBody, type OutgoingMessage } from '../wechat/index.js'
import { AccessToken, readToken, type FetchedToken } from './access-token.js'
import { expectOk, incomplete, isJson, numberOf, readAnswer, type Json } from './answer.js'
import { imageForm, type MediaSource } from './media.js'
import { readMedia, type Media } from './media-answer.js'
import { remedyFor, waitBeforeRetry, type Remedy } from './retry.js'
import { memoryTokenStore, type TokenStore } from './token-store.js'
import { Transport, type Answer, type Call } from './transport.js'

export interface ApiOptions extends ErrorWords {
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
  /**
   * How long to wait for a connection (5 s at most), for an answer to begin, and for it to be whole, in
   * milliseconds; 10 000 when not given.
   */
  readonly timeoutMs?: number | undefined
  readonly logger?: Logger | undefined
  /** The clock, in milliseconds since 1970, and the waiting between tries: for tests. */
  readonly now?: () => number
  readonly wait?: (milliseconds: number) => Promise<unknown>
}

/** The rest of an API path's daily calls. */
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
  readonly #words: ErrorWords
  readonly #now: () => number
  readonly #wait: (milliseconds: number) => Promise<void>
  #typingPath = TYPING

  constructor(options: ApiOptions) {
    if (!options.appId)
      throw new ConfigError('appId is empty: it is the Mini Program’s AppID, wx and 16 digits.')
    if (!options.appSecret)
      throw new ConfigError(
        'appSecret is empty: it is the AppSecret shown once at mp.weixin.qq.com (开发管理 › 开发设置).',
      )
    const { now = Date.now, wait = delay, tokenKind = 'stable', logger = silentLogger } = options
    this.appId = options.appId
    this.#appSecret = options.appSecret
    this.#transport = new Transport(options)
    this.#logger = logger
    this.#words = { language: options.language, errorsUrl: options.errorsUrl }
    this.#now = now
    this.#wait = async (milliseconds) => {
      await wait(milliseconds)
    }
    const stable = tokenKind === 'stable'
    this.#token = new AccessToken({
      key: `${options.appId}:${tokenKind}@${this.#transport.host}`,
      store: options.tokenStore ?? memoryTokenStore(),
      stable,
      fetch: (force) => this.#fetchToken(() => (stable ? this.#fetchStable(force) : this.#fetchClassic())),
      logger,
      now,
      wait: this.#wait,
    })
  }

  /** Sends one message to a customer. Resolves when WeChat has accepted it; WeChat does not tell whether it was read. */
  async send(openId: string, message: OutgoingMessage): Promise<void> {
    await this.#command(SEND, sendBody(openId, message))
  }

  /** Shows the customer "typing" for 15 s, or ends it. WeChat wants an interaction in the last 30 s. */
  async setTyping(openId: string, on: boolean): Promise<void> {
    const body = { touser: openId, command: on ? 'Typing' : 'CancelTyping' }
    try {
      await this.#command(this.#typingPath, body)
    } catch (error) {
      const wrongPath = error instanceof ApiError && (error.errcode === 40101 || error.errcode === 40200)
      if (!wrongPath || this.#typingPath === TYPING_BUSINESS) throw error
      await this.#command(TYPING_BUSINESS, body)
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
    const answer = await this.#ask({ method: 'POST', path, query: { type: 'image' }, body })
    const { media_id: mediaId, created_at: createdAt } = answer
    if (typeof mediaId !== 'string') throw incomplete(path, 'no media_id in the answer', this.#words)
    const seconds = numberOf(createdAt)
    return { mediaId, createdAt: new Date(Number.isNaN(seconds) ? this.#now() : seconds * 1000) }
  }

  /** Fetches a picture that a customer sent or that was uploaded. The body is a stream, to be read or destroyed. */
  async getTempMedia(mediaId: string): Promise<Media> {
    const path = '/cgi-bin/media/get'
    return this.#authorised(async (token) => {
      const query = { access_token: token, media_id: mediaId }
      const reply = await this.#transport.call({ method: 'GET', path, query })
      const found = await readMedia(this.#transport, path, reply)
      if (typeof found !== 'string') return found
      this.#read(path, { statusCode: reply.statusCode, text: found }, token)
      throw incomplete(path, 'an answer that is neither a picture nor an error', this.#words)
    })
  }

  /** Returns the rest of a path's daily calls, such as `/cgi-bin/message/custom/send`. */
  async getQuota(cgiPath: string): Promise<Quota> {
    const path = '/cgi-bin/openapi/quota/get'
    const { quota } = await this.#post(path, { cgi_path: cgiPath })
    if (!isJson(quota)) throw incomplete(path, 'no quota in the answer', this.#words)
    return {
      dailyLimit: Number(quota['daily_limit']),
      used: Number(quota['used']),
      remain: Number(quota['remain']),
    }
  }

  /** Sets all daily counts back to zero. WeChat allows it ten times a month. */
  async clearQuota(): Promise<void> {
    await this.#command('/cgi-bin/clear_quota', { appid: this.appId })
  }

  /**
   * Returns WeChat's notes about a failed call; the rid is in ApiError, and kept for seven days. It may hold the token
   * and the message: it is for a person to look at, not for a log.
   */
  async getRid(rid: string): Promise<Json> {
    const path = '/cgi-bin/openapi/rid/get'
    const { request } = await this.#post(path, { rid })
    if (!isJson(request)) throw incomplete(path, 'no request in the answer', this.#words)
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
    const { ip_list: list } = await this.#ask({ method: 'GET', path })
    if (!Array.isArray(list)) throw incomplete(path, 'no ip_list in the answer', this.#words)
    return list.map(String)
  }

  async #command(path: string, body: Json): Promise<void> {
    expectOk(path, await this.#post(path, body))
  }

  #post(path: string, body: Json): Promise<Json> {
    return this.#ask({ method: 'POST', path, body })
  }

  #ask(call: Call): Promise<Json> {
    return this.#authorised(async (token) =>
      this.#json({ ...call, query: { access_token: token, ...call.query } }, token),
    )
  }

  /** A call with the access token, renewed once where WeChat refuses it. */
  async #authorised<T>(call: (token: string) => Promise<T>): Promise<T> {
    // Not among the tries of the call: fetching a token has its own.
    let token = await this.#token.get()
    return this.#retrying(
      async () => call(token),
      async () => {
        const refused = token
        token = await this.#token.replace(refused)
        return token !== refused
      },
    )
  }

  /** Tries again as remedyFor allows; `replaceToken` says whether there is another token now. */
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
        this.#logger.debug({ appId: this.appId, err: error, remedy, wait }, 'the call is made again')
        tried[remedy] = (tried[remedy] ?? 0) + 1
        if (wait > 0) await this.#wait(wait)
      }
    }
  }

  async #fetchToken(attempt: () => Promise<FetchedToken>): Promise<FetchedToken> {
    try {
      return await this.#retrying(attempt)
    } catch (error) {
      // Whatever became of this request, the call that waits for the token was never made.
      if (error instanceof NetworkError && error.accepted === 'unknown')
        throw new NetworkError(`${error.path}: no access token came, so nothing was sent.`, {
          accepted: 'no',
          path: error.path,
          cause: error,
        })
      throw error
    }
  }

  async #fetchStable(force: boolean): Promise<FetchedToken> {
    const body = {
      grant_type: 'client_credential',
      appid: this.appId,
      secret: this.#appSecret,
      force_refresh: force,
    }
    return readToken(await this.#json({ method: 'POST', path: STABLE_TOKEN, body }), STABLE_TOKEN)
  }

  async #fetchClassic(): Promise<FetchedToken> {
    const query = { grant_type: 'client_credential', appid: this.appId, secret: this.#appSecret }
    return readToken(await this.#json({ method: 'GET', path: CLASSIC_TOKEN, query }), CLASSIC_TOKEN)
  }

  async #json(call: Call, token = ''): Promise<Json> {
    return this.#read(call.path, await this.#transport.ask(call), token)
  }

  #read(path: string, answer: Answer, token: string): Json {
    return readAnswer({ path, ...answer, secrets: [this.#appSecret, token], words: this.#words })
  }
}
