import { GuardedRequests, NoAnswerError, type AddressGuard, type GuardedAnswer } from '../../hooks/index.js'
import type { SourceProblem } from '../../protocol/source-problems.js'
import { FILE_BYTES } from '../readers/file-reader.js'
import { pageAddress } from './page-address.js'

/** A page's bytes, and what is said of them. */
export interface FetchedPage {
  readonly bytes: Buffer
  /** In lower case; empty where nothing is said. */
  readonly contentType: string
  /** The last part of its path. */
  readonly name: string
}

/** Why there is no page, with the status of the answer where that is why. */
export interface PageProblem {
  readonly problem: SourceProblem
  readonly status: number | null
}

export interface PageFetcherOptions {
  readonly guard: AddressGuard
  /** A host's addresses; the system's resolver when not given. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>
  /** For all requests of a page together, in milliseconds; 30 s when not given. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 30_000
const MAX_REDIRECTS = 5
const redirects = new Set([301, 302, 303, 307, 308])
const headers = {
  accept: 'text/html, application/xhtml+xml, text/*;q=0.9, application/pdf;q=0.8, */*;q=0.5',
  // What is packed would have to be unpacked within bounds.
  'accept-encoding': 'identity',
  'user-agent': 'kefu (reads pages for a knowledge base, once a day)',
}

/** Reads pages whose address people chose: each address on the way must be allowed, time and size are bounded. */
export class PageFetcher {
  readonly #options: PageFetcherOptions
  readonly #requests: GuardedRequests

  constructor(options: PageFetcherOptions) {
    this.#options = options
    const { guard, resolve, timeoutMs = TIMEOUT_MS } = options
    this.#requests = new GuardedRequests({
      guard,
      timeoutMs,
      maxBytes: FILE_BYTES,
      ...(resolve && { resolve }),
    })
  }

  /** Returns a page’s address without its `#…`. Throws HttpError where none can be read from it. */
  address(url: string): URL {
    return pageAddress(url, this.#options.guard)
  }

  /** Reads a page. Throws NoAnswerError `stopped` when the signal comes first. */
  async fetch(url: string, signal: AbortSignal): Promise<FetchedPage | PageProblem> {
    const { timeoutMs = TIMEOUT_MS, guard } = this.#options
    const late = AbortSignal.timeout(timeoutMs)
    const ends = AbortSignal.any([signal, late])
    let address = new URL(url)
    try {
      for (let count = 0; count <= MAX_REDIRECTS; count++) {
        const answer = await this.#requests.send({ url: address.href, method: 'GET', headers, signal: ends })
        const next = redirects.has(answer.status) ? locationOf(answer, address) : undefined
        if (next === undefined) return pageOf(answer, address)
        // Who reads a page safely is not led to one that anybody on the way can change.
        if (address.protocol === 'https:' && next.protocol !== 'https:') break
        const safe = allowed(next, guard)
        if (!safe) return { problem: 'private_address', status: null }
        address = safe
      }
      return { problem: 'redirect', status: null }
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error
      if (error.code !== 'stopped') return { problem: error.code, status: null }
      if (signal.aborted) throw error
      return { problem: 'timeout', status: null }
    }
  }

  /** Ends what is under way. */
  close(): Promise<void> {
    return this.#requests.close()
  }
}

function locationOf({ headers: { location } }: GuardedAnswer, from: URL): URL | undefined {
  const to = Array.isArray(location) ? location[0] : location
  return to !== undefined && URL.canParse(to, from.href) ? new URL(to, from) : undefined
}

/** The same address where one may be led to it; undefined where not. */
function allowed(address: URL, guard: AddressGuard): URL | undefined {
  try {
    return pageAddress(address.href, guard)
  } catch {
    return undefined
  }
}

function pageOf(
  { status, headers: said, body, whole }: GuardedAnswer,
  address: URL,
): FetchedPage | PageProblem {
  if (status === 404 || status === 410) return { problem: 'gone', status }
  if (status !== 200) return { problem: 'status', status }
  if (!whole) return { problem: body.length >= FILE_BYTES ? 'too_large' : 'timeout', status: null }
  const encoding = textOf(said['content-encoding'])
  if (encoding !== '' && encoding !== 'identity') return { problem: 'bad_answer', status: null }
  return {
    bytes: body,
    contentType: textOf(said['content-type']),
    name: address.pathname.split('/').at(-1) ?? '',
  }
}

function textOf(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? (header[0] ?? '') : (header ?? '')).toLowerCase()
}
