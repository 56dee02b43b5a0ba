import { lookup } from 'node:dns/promises'
import { Api } from '../api/index.js'
import { ApiError, NetworkError } from '../errors.js'
import { explainErrcode } from '../wechat/index.js'
import type { AppSettings } from '../config/app-settings.js'
import type { Finding } from './finding.js'

const TIMEOUT_MS = 10_000

const SEND = '/cgi-bin/message/custom/send'

/** Whether AppID and AppSecret are right and this machine may use them: asks for a token, as checkAccount does. */
export async function checkToken(settings: AppSettings, apiUrl: string): Promise<Finding[]> {
  const { appId: app, appSecret } = settings
  const api = new Api({ appId: app, appSecret, url: apiUrl, timeoutMs: TIMEOUT_MS })
  try {
    return await tokenFindings(api, app)
  } finally {
    await api.close()
  }
}

/**
 * Fetches a token as a stranger would (WeChat gives the same one again, so nobody's ends), then asks for the quota
 * of sending and has WeChat look at the push URL's host.
 */
export async function checkAccount(
  settings: AppSettings,
  apiUrl: string,
  publicUrl?: string,
): Promise<Finding[]> {
  const { appId: app, appSecret } = settings
  const api = new Api({ appId: app, appSecret, url: apiUrl, timeoutMs: TIMEOUT_MS })
  try {
    const token = await tokenFindings(api, app)
    if (token.some(({ level }) => level === 'fail')) return token
    return [...token, await quotaFinding(api, app), ...(await callbackFindings(api, app, publicUrl))]
  } finally {
    await api.close()
  }
}

async function tokenFindings(api: Api, app: string): Promise<Finding[]> {
  try {
    await api.getAccessToken()
    return [
      {
        check: 'token',
        app,
        level: 'ok',
        found: {
          zh: 'AppSecret 正确，已取得 access_token。',
          en: 'The AppSecret is right: WeChat gave an access token.',
        },
      },
      {
        check: 'ip-whitelist',
        app,
        level: 'ok',
        found: { zh: '本机 IP 未被白名单拒绝。', en: 'The IP whitelist lets this machine in.' },
      },
    ]
  } catch (error) {
    if (error instanceof ApiError && (error.errcode === 40164 || error.errcode === 61004))
      return [ipFinding(error, app)]
    const said = explained(error)
    return [
      {
        check: 'token',
        app,
        level: 'fail',
        found: { zh: `取不到 access_token：${said.zh}`, en: `No access token: ${said.en}` },
        ...(said.todo && { todo: said.todo }),
      },
    ]
  }
}

function ipFinding(error: ApiError, app: string): Finding {
  const ip =
    /\b\d{1,3}(?:\.\d{1,3}){3}\b/.exec(error.errmsg)?.[0] ??
    /\b[0-9a-f]*:[0-9a-f:.]+\b/i.exec(error.errmsg)?.[0]
  const which =
    ip === undefined ? { zh: '本机出口 IP', en: 'this machine’s public address' } : { zh: ip, en: ip }
  return {
    check: 'ip-whitelist',
    app,
    level: 'fail',
    found: {
      zh: `微信拒绝了本机 IP${ip === undefined ? '' : ` ${ip}`}（${error.errcode}）：不在白名单中。`,
      en: `WeChat refuses this machine${ip === undefined ? '' : `, ${ip}`} (${error.errcode}): it is not on the IP whitelist.`,
    },
    todo: {
      zh: `在 mp.weixin.qq.com › 开发管理 › 开发设置 › IP 白名单 中添加 ${which.zh}，几分钟后生效。`,
      en: `Add ${which.en} at mp.weixin.qq.com › 开发管理 › 开发设置 › IP 白名单; it takes some minutes.`,
    },
    ...(ip !== undefined && { copy: ip }),
  }
}

async function quotaFinding(api: Api, app: string): Promise<Finding> {
  const check = 'quota'
  try {
    const { dailyLimit, remain } = await api.getQuota(SEND)
    const found = {
      zh: `今天还能发送 ${remain} / ${dailyLimit} 条。`,
      en: `${remain} of ${dailyLimit} messages can still be sent today.`,
    }
    if (remain > dailyLimit / 10) return { check, app, level: 'ok', found }
    const todo = {
      zh: '额度在零点恢复；clear_quota 每月可重置 10 次。',
      en: 'It is full again at midnight; clear_quota resets it, ten times a month.',
    }
    return { check, app, level: remain > 0 ? 'warn' : 'fail', found, todo }
  } catch (error) {
    return notAsked(check, app, { zh: '发送额度', en: 'the quota of sending' }, error)
  }
}

async function callbackFindings(api: Api, app: string, publicUrl: string | undefined): Promise<Finding[]> {
  try {
    const { dns, ping } = await api.checkCallback('all')
    const addresses = listOf(dns).map((each) => String(each['ip']))
    const lost = listOf(ping).some((each) => each['package_loss'] === '100%')
    return [callbackFinding(app, addresses, lost), ...(await hostFindings(app, addresses, publicUrl))]
  } catch (error) {
    return [notAsked('callback', app, { zh: '推送域名', en: 'the push URL’s host' }, error)]
  }
}

/** The URL at mp.weixin.qq.com may be of another host than ours: then all is well but for the pushes. */
async function hostFindings(
  app: string,
  addresses: readonly string[],
  publicUrl: string | undefined,
): Promise<Finding[]> {
  if (publicUrl === undefined || addresses.length === 0) return []
  const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  const ours = await lookup(host, { all: true }).catch(() => [])
  if (ours.length === 0 || ours.some(({ address }) => addresses.includes(address))) return []
  return [
    {
      check: 'callback-host',
      app,
      level: 'warn',
      found: {
        zh: `微信推送到 ${addresses.join(', ')}，而 KEFU_PUBLIC_URL（${host}）是 ${ours.map(({ address }) => address).join(', ')}。`,
        en: `WeChat pushes to ${addresses.join(', ')}, while KEFU_PUBLIC_URL (${host}) is ${ours.map(({ address }) => address).join(', ')}.`,
      },
      todo: {
        zh: '核对 mp.weixin.qq.com 上的 URL 是否是这个域名；用 CDN 或分线路解析时地址不同是正常的。',
        en: 'Check that the URL at mp.weixin.qq.com is of this host; behind a CDN different addresses are fine.',
      },
    },
  ]
}

function callbackFinding(app: string, addresses: readonly string[], lost: boolean): Finding {
  const check = 'callback'
  if (addresses.length === 0)
    return {
      check,
      app,
      level: 'fail',
      found: {
        zh: '微信解析不到推送 URL 的域名。',
        en: 'WeChat can’t resolve the host name of the push URL.',
      },
      todo: {
        zh: '检查 mp.weixin.qq.com 上填写的 URL 和域名的 DNS 记录。',
        en: 'Check the URL at mp.weixin.qq.com and the name’s DNS records.',
      },
    }
  const found = {
    zh: `微信能解析推送 URL 的域名（${addresses.join(', ')}）。`,
    en: `WeChat resolves the host of the push URL (${addresses.join(', ')}).`,
  }
  if (!lost) return { check, app, level: 'ok', found }
  return {
    check,
    app,
    level: 'warn',
    found: { zh: `${found.zh}但 ping 不通。`, en: `${found.en} But its ping is not answered.` },
    todo: {
      zh: '如果防火墙禁止 ping 可忽略；否则检查服务器和线路。',
      en: 'Where a firewall drops pings this is fine; else check the server and its line.',
    },
  }
}

function notAsked(check: string, app: string, what: { zh: string; en: string }, error: unknown): Finding {
  const said = explained(error)
  return {
    check,
    app,
    level: 'warn',
    found: {
      zh: `无法检查${what.zh}：${said.zh}`,
      en: `WeChat could not be asked about ${what.en}: ${said.en}`,
    },
  }
}

function explained(error: unknown): { zh: string; en: string; todo?: { zh: string; en: string } } {
  if (error instanceof ApiError) {
    const { zh, en } = explainErrcode(error.errcode)
    return {
      zh: `${error.errcode}（${error.errmsg}）`,
      en: `${error.errcode} (${error.errmsg})`,
      todo: { zh, en },
    }
  }
  if (error instanceof NetworkError)
    return {
      zh: '微信没有回答。',
      en: error.message,
      todo: {
        zh: '检查服务器的网络、DNS、防火墙和 WECHAT_API_URL。',
        en: 'Check the server’s network, DNS, firewall and WECHAT_API_URL.',
      },
    }
  throw error
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value)
    ? value.filter((each): each is Record<string, unknown> => typeof each === 'object' && each !== null)
    : []
}
