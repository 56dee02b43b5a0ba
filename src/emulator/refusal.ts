import { explainErrcode } from '../wechat/index.js'
import type { Randomness } from './random.js'

/** WeChat's no to a call. Answered with HTTP 200, as WeChat does. */
export class Refusal extends Error {
  readonly errcode: number

  /** `hint` stands behind WeChat's words and says what is wrong here. */
  constructor(errcode: number, hint?: string) {
    super(hint === undefined ? errmsgOf(errcode) : `${errmsgOf(errcode)}, ${hint}`)
    this.errcode = errcode
  }

  body(rid: string): { errcode: number; errmsg: string } {
    const errmsg = this.errcode === 0 ? this.message : `${this.message} rid: ${rid}`
    return { errcode: this.errcode, errmsg }
  }
}

/** WeChat's request id: the time, and two numbers, in hex. */
export function makeRid(now: number, random: Randomness): string {
  const time = Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0')
  return [time, random.bytes('rid', 4).toString('hex'), random.bytes('rid', 4).toString('hex')].join('-')
}

// WeChat's own words as seen in answers; for typing (45072 to 45081) no answer was found and these are ours.
const errmsgs: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  0: 'ok',
  40001:
    'invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, ' +
    'more details at https://mmbizurl.cn/s/JtxxFh33r',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40004: 'invalid media type',
  40005: 'invalid file type',
  // WeChat's spelling.
  40006: 'invalid meida size',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40033: 'invalid charset. please check your request, if include \\uxxxx will create fail!',
  40066: 'invalid url',
  40097: 'invalid args',
  40101: 'missing parameter',
  40125: 'invalid appsecret, view more at http://t.cn/RAEkdVq',
  // The address is one of the documentation's: nobody's.
  40164: 'invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist',
  40200: 'invalid account type',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41005: 'media data missing',
  41006: 'missing media_id',
  42001: 'access_token expired',
  43001: 'require GET method',
  43002: 'require POST method',
  44002: 'empty post data',
  44004: 'empty content',
  45001: 'media size out of limit',
  45002: 'content size out of limit',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  45015: 'response out of time limit or subscription is canceled',
  45047: 'out of response count limit',
  45072: 'invalid command',
  45080: 'no interaction with the user in the last 30 seconds',
  45081: 'already in typing status',
  45162: 'invalid type',
  47001: 'data format error',
  48001: 'api unauthorized',
  48006: 'forbid to clear quota because of reaching the limit',
  76001: 'rid not found',
  76002: 'invalid rid',
  76003: 'no permission to query this rid',
  76004: 'rid expired',
  76021: 'cgi_path not found, please check',
}

function errmsgOf(errcode: number): string {
  return errmsgs[errcode] ?? explainErrcode(errcode).name.replaceAll('_', ' ')
}
