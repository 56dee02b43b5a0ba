import { statfs } from 'node:fs/promises'
import { isIP } from 'node:net'
import { sharesToken } from '../apps/apps.js'
import type { AppSettings } from '../config/app-settings.js'
import type { Config } from '../config/config.js'
import type { Finding } from './finding.js'

/** Finds settings that work, but not as well as they should. */
export function checkConfig(config: Config, apps: number): Finding[] {
  const guide = `${config.publicUrl ?? `http://localhost:${config.port}`}/#/admin/guide`
  const findings: Finding[] = [
    apps > 0
      ? {
          check: 'apps',
          level: 'ok',
          found: {
            zh: `配置有效，${apps} 个小程序。`,
            en: `The configuration works; Mini Programs: ${apps}.`,
          },
        }
      : {
          check: 'apps',
          level: 'fail',
          found: { zh: '没有配置小程序。', en: 'No Mini Program is configured.' },
          todo: {
            zh: `用管理员登录客服台，按接入向导操作：${guide}。（还没有管理员时，用 kefu start 打印的链接创建。）`,
            en: `Sign in at the desk as an admin and follow the set-up guide: ${guide}. (Without an admin, make one by the link that kefu start prints.)`,
          },
        },
  ]
  return [
    ...findings,
    publicUrlFinding(config.publicUrl),
    ...proxyFindings(config),
    ...metricsFindings(config),
  ]
}

/** Https is a proxy's, and then who asks is known only from it. */
function proxyFindings({ publicUrl, trustedProxies }: Config): Finding[] {
  if (publicUrl?.startsWith('https:') !== true || trustedProxies.length > 0) return []
  return [
    {
      check: 'trust-proxy',
      level: 'warn',
      found: {
        zh: 'KEFU_TRUST_PROXY 未设置：反向代理后的所有人会被当成同一个地址，共用一份限速。',
        en: 'KEFU_TRUST_PROXY is not set: everybody behind the proxy looks like one address and shares one limit.',
      },
      todo: {
        zh: '代理在本机时设为 loopback，否则写它的地址；代理要设置 X-Forwarded-For。',
        en: 'Set it to loopback, or the proxy’s address where it is another machine; the proxy must set X-Forwarded-For.',
      },
    },
  ]
}

/** With a public address nobody is local, so Prometheus needs a key. */
function metricsFindings({ apiKey, publicUrl, trustedProxies }: Config): Finding[] {
  if (apiKey !== undefined || (publicUrl === undefined && trustedProxies.length === 0)) return []
  return [
    {
      check: 'metrics',
      level: 'ok',
      found: {
        zh: '/metrics 现在谁也读不到：设置了 KEFU_PUBLIC_URL 或 KEFU_TRUST_PROXY 后，读取它要 KEFU_API_KEY，而 KEFU_API_KEY 没有设置。',
        en: '/metrics can be read by nobody: with KEFU_PUBLIC_URL or KEFU_TRUST_PROXY it wants the KEFU_API_KEY, which is not set.',
      },
      todo: {
        zh: '需要监控时，把 KEFU_API_KEY 设为 openssl rand -hex 32 的输出，让 Prometheus 以 Authorization: Bearer 携带它。',
        en: 'For monitoring, set KEFU_API_KEY to what openssl rand -hex 32 prints, and have Prometheus send it as Authorization: Bearer.',
      },
    },
  ]
}

function publicUrlFinding(publicUrl: string | undefined): Finding {
  const check = 'public-url'
  if (publicUrl === undefined)
    return {
      check,
      level: 'warn',
      found: {
        zh: 'KEFU_PUBLIC_URL 未设置，无法检查微信能否访问。',
        en: 'KEFU_PUBLIC_URL is not set, so whether WeChat can reach this can’t be checked.',
      },
      todo: {
        zh: '设为公网地址，如 https://kefu.example.com。',
        en: 'Set it to the public address, such as https://kefu.example.com.',
      },
    }
  const { protocol, port, hostname } = new URL(publicUrl)
  if (port !== '')
    return {
      check,
      level: 'warn',
      found: {
        zh: `KEFU_PUBLIC_URL 使用端口 ${port}，微信只推送到 80（http）和 443（https）。`,
        en: `KEFU_PUBLIC_URL has port ${port}; WeChat pushes only to 80 (http) and 443 (https).`,
      },
      todo: {
        zh: '在服务前放一个监听 443 的反向代理，KEFU_PUBLIC_URL 不写端口。',
        en: 'Put a proxy that listens on 443 before the service, and leave the port out.',
      },
    }
  if (isPrivate(hostname))
    return {
      check,
      level: 'warn',
      found: {
        zh: `KEFU_PUBLIC_URL 是内网地址 ${hostname}，微信访问不到。`,
        en: `KEFU_PUBLIC_URL is ${hostname}, an address that WeChat can’t reach.`,
      },
      todo: { zh: '换成公网域名。', en: 'Give a public host name.' },
    }
  if (protocol === 'http:')
    return {
      check,
      level: 'warn',
      found: { zh: 'KEFU_PUBLIC_URL 不是 https。', en: 'KEFU_PUBLIC_URL is not https.' },
      todo: {
        zh: '客服登录需要 https，请配置证书。',
        en: 'People sign in there: get a certificate and use https.',
      },
    }
  return {
    check,
    level: 'ok',
    found: { zh: `公网地址 ${publicUrl}`, en: `The public address is ${publicUrl}` },
  }
}

/** Mini Programs without encryption that have one Token: nothing tells their pushes apart but the address. */
export function checkSharedTokens(all: readonly AppSettings[]): Finding[] {
  return all.flatMap((settings) => {
    const { appId: app } = settings
    const others = all.filter((each) => each.appId !== app && sharesToken(each, settings))
    if (others.length === 0) return []
    const names = others.map(({ appId }) => appId)
    return [
      {
        check: 'token-shared',
        app,
        level: 'warn',
        found: {
          zh: `与 ${names.join('、')} 使用同一个 Token，而且都接受明文：发给其中一个的推送，另一个也会接受。`,
          en: `It has the same Token as ${names.join(', ')}, and both take pushes without encryption: a push of one is good at the other.`,
        },
        todo: {
          zh: '给每个小程序各自的 Token，或改用安全模式。',
          en: 'Give each Mini Program a Token of its own, or use secure mode.',
        },
      },
    ]
  })
}

/** Finds trouble in a Mini Program’s own settings. */
export function checkSettings(settings: AppSettings): Finding[] {
  const { appId: app, token, appSecret, encodingAESKey, mode } = settings
  const findings: Finding[] = []
  if (!/^wx[0-9a-f]{16}$/.test(app))
    findings.push({
      check: 'app-id',
      app,
      level: 'warn',
      found: {
        zh: 'AppID 不是 wx 加 16 位字符。',
        en: 'The AppID is not wx and 16 digits, as WeChat’s are.',
      },
      todo: {
        zh: '从 mp.weixin.qq.com › 开发管理 › 开发设置 重新复制（模拟器可忽略）。',
        en: 'Copy it again from mp.weixin.qq.com › 开发管理 › 开发设置 (with the emulator this is fine).',
      },
    })
  if (!/^[0-9a-f]{32}$/.test(appSecret))
    findings.push({
      check: 'app-secret',
      app,
      level: 'warn',
      found: {
        zh: `AppSecret 不是 32 位字符（现在 ${appSecret.length} 位）。`,
        en: `The AppSecret is not 32 digits, as WeChat’s are (it has ${appSecret.length} characters).`,
      },
      todo: {
        zh: '重新复制；忘记了只能重置（模拟器可忽略）。',
        en: 'Copy it again; one that is lost can only be reset (with the emulator this is fine).',
      },
    })
  if (!/^[A-Za-z0-9]{3,32}$/.test(token))
    findings.push({
      check: 'token-form',
      app,
      level: 'warn',
      found: {
        zh: 'Token（令牌）不是 3 到 32 位字母和数字，mp.weixin.qq.com 不接受。',
        en: 'The Token is not 3 to 32 letters and digits: mp.weixin.qq.com does not take it.',
      },
      todo: { zh: '换一个，两边填写一致。', en: 'Choose another, the same at both ends.' },
    })
  findings.push(
    mode === 'secure'
      ? {
          check: 'encryption',
          app,
          level: 'ok',
          found: {
            zh: `安全模式，EncodingAESKey ${encodingAESKey?.length ?? 0} 位。`,
            en: `Secure mode; the EncodingAESKey has ${encodingAESKey?.length ?? 0} characters.`,
          },
        }
      : {
          check: 'encryption',
          app,
          level: 'warn',
          found: {
            zh: `加密方式是${mode === 'plain' ? '明文模式' : '兼容模式'}：签名不包含内容，截获的推送可被改写。`,
            en: `The mode is ${mode}: its signature does not cover the content, so a caught push can be rewritten.`,
          },
          todo: {
            zh: '在 mp.weixin.qq.com › 开发管理 › 消息推送 选安全模式，并设 WECHAT_MODE=secure。',
            en: 'Choose 安全模式 at mp.weixin.qq.com › 开发管理 › 消息推送, and WECHAT_MODE=secure here.',
          },
        },
  )
  return findings
}

const LITTLE_BYTES = 1024 ** 3

/** Whether the directory that everything is kept in has room. */
export async function checkDisk(dataDir: string): Promise<Finding[]> {
  const found = await statfs(dataDir).catch(() => undefined)
  // With PostgreSQL and a key by name there need be none.
  if (!found) return []
  const { bavail, bsize } = found
  const free = bavail * bsize
  const gigabytes = (free / 1024 ** 3).toFixed(1)
  if (free >= LITTLE_BYTES)
    return [
      {
        check: 'disk',
        level: 'ok',
        found: { zh: `磁盘剩余 ${gigabytes} GB。`, en: `${gigabytes} GB are free on the disk.` },
      },
    ]
  return [
    {
      check: 'disk',
      level: 'warn',
      found: { zh: `磁盘只剩 ${gigabytes} GB。`, en: `Only ${gigabytes} GB are free on the disk.` },
      todo: {
        zh: `磁盘写满后推送会被拒绝。请清理 ${dataDir} 所在磁盘。`,
        en: `Pushes are refused once it is full. Make room where ${dataDir} is.`,
      },
    },
  ]
}

function isPrivate(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '')
  if (isIP(address) === 0) return address === 'localhost' || /\.(local|internal|lan)$/.test(address)
  return /^(127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|0\.|::1$|f[cd]|fe80)/i.test(address)
}
