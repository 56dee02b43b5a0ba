import { randomInt } from 'node:crypto'
import { request } from 'undici'
import { limits, sign } from '../wechat/index.js'
import { OUR_NONCE } from '../apps/setup-progress.js'
import type { AppSettings } from '../config/app-settings.js'
import type { Bilingual } from '../protocol/bilingual.js'
import type { Finding } from './finding.js'

export interface PushUrlOptions {
  readonly url: string
  /** Whether the service runs, so that somebody can answer. */
  readonly running: boolean
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Asks the push URL for its echostr, as WeChat does when the URL is saved at mp.weixin.qq.com. */
export async function checkPushUrl(settings: AppSettings, options: PushUrlOptions): Promise<Finding> {
  const { appId: app, token } = settings
  const { url, running, now } = options
  const check = 'push-url'
  const timestamp = String(Math.floor(now() / 1000))
  const nonce = `${OUR_NONCE}${randomInt(2 ** 31)}`
  const echostr = `${randomInt(10 ** 9, 10 ** 10)}${randomInt(10 ** 9, 10 ** 10)}`
  const query = new URLSearchParams({ signature: sign(token, timestamp, nonce), echostr, timestamp, nonce })
  const limit = limits.pushTimeoutSeconds * 1000
  try {
    const answer = await request(`${url}?${query.toString()}`, {
      headers: { 'user-agent': 'Mozilla/4.0', accept: '*/*' },
      signal: AbortSignal.timeout(limit),
    })
    const body = (await answer.body.text()).slice(0, 300)
    if (answer.statusCode === 200 && body === echostr)
      return {
        check,
        app,
        level: 'ok',
        found: { zh: `${url} 应答正确。`, en: `${url} answers as WeChat wants.` },
      }
    return { check, app, level: 'fail', ...wrongAnswer(url, answer.statusCode, body) }
  } catch (error) {
    const code = codeOf(error)
    if (!running)
      return {
        check,
        app,
        level: 'warn',
        found: {
          zh: `服务没有运行，${url} 没有应答。`,
          en: `The service does not run, so ${url} does not answer.`,
        },
        todo: { zh: '先运行 kefu start，再检查一次。', en: 'Run kefu start, then this again.' },
      }
    return { check, app, level: 'fail', ...noAnswer(url, code, limit) }
  }
}

function wrongAnswer(url: string, status: number, body: string): { found: Bilingual; todo: Bilingual } {
  const found = {
    zh: `${url} 应答 ${status}，应为 echostr。`,
    en: `${url} answers ${status}, not the echostr.`,
  }
  if (status >= 300 && status < 400)
    return {
      found,
      todo: {
        zh: '微信不跟随跳转：请填写跳转后的地址（通常是 http 换成 https）。',
        en: 'WeChat follows no redirect: give the address that it leads to (often https for http).',
      },
    }
  if (status === 403)
    return {
      found,
      todo: {
        zh: '应答的服务使用另一个 Token，或有防火墙拦截。检查该地址是否是本服务。',
        en: 'Whoever answers has another Token, or a firewall refuses. Check that the address is this service’s.',
      },
    }
  if (status === 404)
    return {
      found,
      todo: {
        zh: '反向代理没有转发 /wechat/，或该小程序不在应答的服务中。',
        en: 'The proxy does not pass /wechat/ on, or the service that answers does not have this Mini Program.',
      },
    }
  if (status === 502 || status === 503 || status === 504)
    return {
      found,
      todo: {
        zh: '反向代理连不上本服务，检查转发的地址和 HOST、PORT。',
        en: 'The proxy can’t reach this service: check where it passes to, HOST and PORT.',
      },
    }
  if (/<html|<!doctype/i.test(body))
    return {
      found,
      todo: {
        zh: '应答的是网页：登录页、防火墙或别的网站。/wechat/ 必须不经登录直接到达本服务。',
        en: 'A web page answers: a login, a firewall or another site. /wechat/ must reach this service as it is.',
      },
    }
  return {
    found,
    todo: {
      zh: '该地址上是别的程序，检查反向代理和 KEFU_PUBLIC_URL。',
      en: 'Another program is at that address: check the proxy and KEFU_PUBLIC_URL.',
    },
  }
}

function noAnswer(url: string, code: string, limit: number): { found: Bilingual; todo: Bilingual } {
  const { host } = new URL(url)
  const found = { zh: `${url} 没有应答（${code}）。`, en: `${url} does not answer (${code}).` }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return {
      found,
      todo: {
        zh: `域名 ${host} 没有 DNS 记录。`,
        en: `${host} has no DNS record: add one, or mend KEFU_PUBLIC_URL.`,
      },
    }
  if (code === 'ECONNREFUSED')
    return {
      found,
      todo: {
        zh: `${host} 上没有程序监听，检查反向代理和端口。`,
        en: `Nothing listens at ${host}: check the proxy and the port.`,
      },
    }
  if (/CERT|TLS|SSL|SIGNATURE/.test(code))
    return {
      found,
      todo: {
        zh: '证书无效、过期或缺少中间证书，微信不会推送。请更新完整的证书链。',
        en: 'The certificate is not valid, or its chain is not whole: WeChat does not push there. Install the full chain.',
      },
    }
  if (code === 'timeout')
    return {
      found,
      todo: {
        zh: `${limit / 1000} 秒内没有应答；微信只等这么久。检查防火墙和安全组。`,
        en: `No answer within the ${limit / 1000} s that WeChat waits. Check firewalls and security groups.`,
      },
    }
  return {
    found,
    todo: {
      zh: '检查网络、反向代理和防火墙；有些网络不能从内部访问自己的公网地址，可从外部再试。',
      en: 'Check network, proxy and firewall; some networks can’t reach their own public address from inside: try from outside.',
    },
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'timeout'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
