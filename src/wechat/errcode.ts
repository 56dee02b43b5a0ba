import { messageTypes } from './messages/index.js'

/**
 * The remedies for an errcode:
 * `token` refresh the access token and send once more · `busy` send again in a moment, three times at most ·
 * `later` send again when the limit has passed · `edit` change the message · `fix` an administrator must
 * change something first · `never` it will not work.
 */
export type Retry = 'token' | 'busy' | 'later' | 'edit' | 'fix' | 'never'

export interface Errcode {
  readonly code: number
  readonly name: string
  readonly retry: Retry
  /** The meaning and the next step, for an agent or developer. */
  readonly zh: string
  readonly en: string
}

/** The types that a Mini Program can send, in a sentence: 文本、图片或…. */
const TYPES = {
  zh: messageTypes
    .map(({ words }) => words.name.zh)
    .join('、')
    .replace(/、([^、]*)$/, '或$1'),
  en: messageTypes
    .map(({ msgType }) => msgType)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1'),
}

type Row = readonly [code: number, name: string, retry: Retry, zh: string, en: string]

// Sources: the API pages below https://developers.weixin.qq.com/miniprogram/dev/server/API/ (kf-message, mp-access-token,
// openApi-mgnt) and, for codes that no page lists, the tables of WxJava and wechatpy. docs/errors.md is made from this.
const rows: readonly Row[] = [
  // Sending
  [
    -1,
    'system_busy',
    'busy',
    '微信系统繁忙，稍后会自动重试。',
    'WeChat is busy. kefu sends it again by itself, three times at most.',
  ],
  [
    40003,
    'invalid_openid',
    'never',
    'OpenID 无效，或不属于这个小程序。请检查会话属于哪个小程序。',
    'The openid is not a customer of this Mini Program. Check which Mini Program the conversation belongs to.',
  ],
  [
    40008,
    'invalid_message_type',
    'never',
    `消息类型无效。请使用${TYPES.zh}。`,
    `The message type is not valid. Use ${TYPES.en}.`,
  ],
  [
    40033,
    'illegal_characters',
    'edit',
    '内容含有 \\uxxxx 形式的字符。请直接使用 UTF-8 文字。',
    'The body has \\uxxxx escapes. Send real UTF-8 characters.',
  ],
  [
    40097,
    'invalid_arguments',
    'edit',
    '参数不正确。请对照接口文档检查消息的各个字段。',
    'An argument is not valid. Compare the message’s fields with the API page.',
  ],
  [
    40101,
    'missing_parameter',
    'edit',
    '缺少参数（普通小程序误用了 /business/ 接口时也会出现）。',
    'A parameter is missing; also the answer to ordinary Mini Programs that call a /business/ path.',
  ],
  [
    44002,
    'empty_body',
    'edit',
    '请求内容为空。请检查请求是否经过了会丢弃内容的代理。',
    'The request has no body. Check for a proxy that drops it.',
  ],
  [44004, 'empty_content', 'edit', '文本内容为空，请输入内容。', 'The text is empty. Write something.'],
  [
    45002,
    'content_too_long',
    'edit',
    '内容过长，请缩短或拆成多条。',
    'The content is too long. Shorten it or split it (splitText).',
  ],
  [45003, 'title_too_long', 'edit', '标题过长，请缩短。', 'The title is too long. Shorten it.'],
  [45004, 'description_too_long', 'edit', '描述过长，请缩短。', 'The description is too long. Shorten it.'],
  [45005, 'url_too_long', 'edit', '链接过长，请缩短。', 'The link is too long. Shorten it.'],
  [
    45008,
    'too_many_articles',
    'edit',
    '图文条数过多，只能发一条。',
    'Too many articles; only one can be sent.',
  ],
  [
    45064,
    'menu_miniprogram_not_linked',
    'fix',
    '菜单中含有未关联的小程序。发送客服消息时不会出现。',
    'A menu holds a Mini Program that is not linked. Sending customer-service messages never gives it.',
  ],
  [
    45015,
    'out_of_window',
    'never',
    '已超过可回复时间（客户发消息后 48 小时，进入会话后 1 分钟）。请等客户再次发消息。',
    'The time to reply is over: 48 hours after the customer wrote, 1 minute after they entered. Wait until they write again.',
  ],
  [
    45047,
    'out_of_count',
    'never',
    '可回复条数已用完（客户发消息后 5 条，进入会话后 2 条）。客户再次发消息后恢复。',
    'All replies are used: 5 after the customer wrote, 2 after they entered. They return when the customer writes again.',
  ],
  [
    45162,
    'type_not_for_miniprogram',
    'never',
    `小程序不支持这种消息类型。请使用${TYPES.zh}。`,
    `A Mini Program cannot send this type. Use ${TYPES.en}; transfer by the push’s answer.`,
  ],
  [
    47001,
    'unparsable',
    'edit',
    '请求内容无法解析，应为有效的 JSON。',
    'The body cannot be parsed. It must be valid JSON.',
  ],
  [
    48002,
    'refused_by_user',
    'never',
    '该客户拒收消息，无法发送。',
    'The customer refuses messages, so none can be sent.',
  ],
  [
    48008,
    'type_not_permitted',
    'never',
    '没有发送这种消息类型的权限。',
    'This account may not send this type of message.',
  ],
  [
    50002,
    'user_restricted',
    'never',
    '该用户被限制（封禁或冻结）。',
    'The user is restricted (banned or frozen).',
  ],
  [
    70000,
    'minor_protection',
    'never',
    '为保护未成年人权益，微信拦截了此消息。',
    'WeChat held the message back to protect minors.',
  ],
  [
    87014,
    'risky_content',
    'edit',
    '内容可能违规，被微信拦截。请修改措辞。',
    'WeChat finds the content risky. Change the wording.',
  ],
  // Typing
  [
    40200,
    'invalid_account_type',
    'never',
    '账号类型不适用于此接口。',
    'This account’s type cannot use this path.',
  ],
  [
    45072,
    'typing_command',
    'edit',
    '输入状态的 command 无效，只能是 Typing 或 CancelTyping。',
    'The typing command must be Typing or CancelTyping.',
  ],
  [
    45080,
    'typing_no_interaction',
    'never',
    '30 秒内与客户没有消息往来，不能下发输入状态。',
    'No interaction with the customer in the last 30 s, so “typing” cannot be shown.',
  ],
  [
    45081,
    'typing_already',
    'later',
    '输入状态正在显示（持续 15 秒），不能重复下发。',
    '“Typing” shows already (for 15 s).',
  ],
  // Media
  [
    40004,
    'invalid_media_type',
    'edit',
    '媒体类型无效，请使用图片。',
    'The media type is not valid. Use an image.',
  ],
  [
    40005,
    'invalid_file_type',
    'edit',
    '文件格式不支持，请使用 PNG、JPG 或 GIF。',
    'The file’s format is not supported. Use PNG, JPG or GIF.',
  ],
  [
    40006,
    'invalid_file_size',
    'edit',
    '文件大小不符合要求。请压缩后重试。',
    'The file’s size is not allowed. Make it smaller.',
  ],
  [
    40007,
    'invalid_media_id',
    'edit',
    '图片已失效（微信只保留 3 天），请重新上传。',
    'The media id is invalid or expired (three days). Upload the picture again.',
  ],
  [41005, 'media_missing', 'edit', '没有上传文件。', 'The upload holds no file (form field media).'],
  [41006, 'media_id_missing', 'edit', '缺少 media_id。', 'media_id is missing.'],
  [
    45001,
    'media_too_large',
    'edit',
    '图片过大，请压缩到 2 MB 以内。',
    'The picture is too large. Stay within 2 MB.',
  ],
  // Access token
  [
    40001,
    'invalid_credential',
    'token',
    'access_token 不是最新的，或 AppSecret 不正确。系统会自动刷新并重发一次；若一直失败，请核对 AppSecret，并检查是否有别的程序也在刷新 access_token。',
    'The access token is not the latest, or the AppSecret is wrong. kefu refreshes and sends once more; if it stays, check the AppSecret, and whether another program refreshes the token too.',
  ],
  [40002, 'invalid_grant_type', 'fix', '凭证类型（grant_type）无效。', 'grant_type is not valid.'],
  [
    40013,
    'invalid_appid',
    'fix',
    'AppID 无效，或该小程序不能发送这种消息。请核对 AppID。',
    'The AppID is not valid, or may not send this type. Check the AppID.',
  ],
  [
    40014,
    'invalid_access_token',
    'token',
    'access_token 无效。系统会自动刷新并重发一次。',
    'The access token is not valid. kefu refreshes and sends once more.',
  ],
  [
    40125,
    'invalid_appsecret',
    'fix',
    'AppSecret 不正确。请核对；若已遗失，请管理员到「开发管理」重置，旧的会立即失效。',
    'The AppSecret is wrong. Check it; if it is lost, an administrator resets it at mp.weixin.qq.com (开发管理), and the old one ends at once.',
  ],
  [
    40164,
    'ip_not_allowed',
    'fix',
    '服务器 IP 不在白名单。管理员到「开发管理 › IP 白名单」添加报错中的 IP。',
    'This server’s IP is not in the whitelist. An administrator adds the IP of the message at mp.weixin.qq.com (开发管理 › IP白名单).',
  ],
  [
    40243,
    'appsecret_frozen',
    'fix',
    'AppSecret 已被冻结。请到「开发管理」解冻。',
    'The AppSecret is frozen. Unfreeze it at mp.weixin.qq.com (开发管理).',
  ],
  [
    41001,
    'access_token_missing',
    'fix',
    '请求缺少 access_token。请检查代理是否改动了地址中的参数。',
    'The access token is missing. Check whether a proxy changes the query.',
  ],
  [41002, 'appid_missing', 'fix', '请求缺少 AppID。', 'The AppID is missing.'],
  [41004, 'appsecret_missing', 'fix', '请求缺少 AppSecret。', 'The AppSecret is missing.'],
  [
    42001,
    'access_token_expired',
    'token',
    'access_token 已过期。系统会自动刷新并重发一次。',
    'The access token has expired. kefu refreshes and sends once more.',
  ],
  [
    50004,
    'token_api_forbidden',
    'fix',
    '该账号被禁止获取 access_token。请在公众平台查看原因。',
    'This account may not fetch access tokens. See mp.weixin.qq.com for the reason.',
  ],
  [
    50007,
    'account_frozen',
    'fix',
    '账号已冻结。请在公众平台查看原因。',
    'The account is frozen. See mp.weixin.qq.com for the reason.',
  ],
  [
    61004,
    'client_ip_not_registered',
    'fix',
    '服务器 IP 未登记。管理员到「开发管理 › IP 白名单」添加。',
    'This server’s IP is not registered. An administrator adds it at mp.weixin.qq.com (开发管理 › IP白名单).',
  ],
  [
    61024,
    'component_token_needed',
    'fix',
    '该小程序由第三方平台代为调用，须使用第三方平台的凭证。',
    'The Mini Program is served by a third-party platform, whose token this call needs.',
  ],
  [
    89503,
    'admin_confirmation_needed',
    'fix',
    '此 IP 调用需要管理员确认。请管理员在微信中确认。',
    'The call from this IP waits for an administrator’s confirmation in WeChat.',
  ],
  [
    89506,
    'ip_refused_24h',
    'fix',
    '管理员拒绝了此 IP，24 小时内不能再试。',
    'An administrator refused this IP; no further try for 24 hours.',
  ],
  [
    89507,
    'ip_refused_1h',
    'fix',
    '管理员拒绝了此 IP，1 小时内不能再试。',
    'An administrator refused this IP; no further try for 1 hour.',
  ],
  // Limits and permissions
  [43002, 'post_required', 'never', '接口需要 POST 请求。', 'This path wants POST.'],
  [
    43101,
    'not_subscribed',
    'never',
    '客户没有订阅该消息，或已取消订阅。',
    'The customer has not subscribed to this message, or no more.',
  ],
  [
    43104,
    'openid_of_another_app',
    'never',
    'OpenID 与 AppID 不匹配，该用户属于另一个小程序。',
    'The openid belongs to another app.',
  ],
  [
    44991,
    'minute_limit_content_safety',
    'later',
    '内容安全接口调用过于频繁，请一分钟后再试。',
    'Too many content-safety calls this minute. Try again in a minute.',
  ],
  [
    45009,
    'daily_quota',
    'later',
    '今日接口调用次数已达上限。明天恢复，也可由管理员清零（clear_quota，每月 10 次）。',
    'Today’s quota of this path is used. It returns tomorrow, or an administrator clears it (clear_quota, ten times a month).',
  ],
  [
    45011,
    'too_frequent',
    'later',
    '调用过于频繁，请一分钟后再试。',
    'Too many calls this minute. Try again in a minute.',
  ],
  [
    48001,
    'not_authorised',
    'fix',
    '小程序没有此接口的权限，或权限已授权给第三方平台。请管理员在公众平台检查「客服」功能与第三方授权。',
    'The Mini Program has no permission for this API, or has given it to a third-party platform. Check customer service (客服) and authorisations at mp.weixin.qq.com.',
  ],
  [
    48004,
    'api_banned',
    'fix',
    '接口被封禁。请在公众平台查看原因。',
    'The API is banned. See mp.weixin.qq.com for the reason.',
  ],
  [
    48006,
    'clear_quota_limit',
    'later',
    '本月清零次数已用完，下月恢复。',
    'This month’s clear_quota calls are used. They return next month.',
  ],
  [
    61010,
    'no_recent_visit',
    'never',
    '该用户近 2 小时未访问小程序，不能做内容安全检查。',
    'The user has not visited the Mini Program within 2 hours, so content safety cannot check it.',
  ],
  // Cloud hosting (微信云托管): .../miniprogram/dev/wxcloudrun/src/guide/weixin/faq.html
  [
    85107,
    'cloud_path_not_allowed',
    'fix',
    '云托管的「开放接口服务」拦下了这个接口。kefu 自己管理 access_token，用不着它：在云托管控制台的「设置」里关闭「开放接口服务」，再重新发布服务版本。别的程序需要保留它时，在「云调用 › 微信令牌权限」中加入所调用的接口路径。',
    'The switch 开放接口服务 of cloud hosting stops this path. kefu keeps its own access token and does not need it: turn 开放接口服务 off in the console (设置) and publish the service again. Where other programs need it, add the path at 云调用 › 微信令牌权限.',
  ],
  [
    85112,
    'cloud_secret_missing',
    'fix',
    '云托管「开放接口服务」的链路异常。kefu 用不着它：关闭「开放接口服务」并重新发布服务版本；仍然出现，请带上环境 ID、AppID、时间和 rid 向微信提交工单。',
    'The link of 开放接口服务 (cloud hosting) is broken. kefu does not need it: turn 开放接口服务 off and publish the service again. If it stays, open a ticket at WeChat with environment id, AppID, time and rid.',
  ],
  [
    85113,
    'cloud_token_not_ready',
    'fix',
    '云托管「开放接口服务」还没有初始化完成（常见于第一个版本）。kefu 用不着它：关闭「开放接口服务」并重新发布服务版本；或者等几分钟再试。',
    'The 开放接口服务 of cloud hosting is not ready yet, as with a first version. kefu does not need it: turn 开放接口服务 off and publish the service again; or try again in some minutes.',
  ],
  [
    40066,
    'invalid_url',
    'never',
    '接口地址不存在。请检查 WECHAT_API_URL。',
    'There is no such API path. Check WECHAT_API_URL.',
  ],
  // Quota look-ups
  [76001, 'rid_not_found', 'never', '查不到该 rid。', 'There is no such rid.'],
  [76002, 'rid_malformed', 'edit', 'rid 不正确。', 'The rid is malformed.'],
  [
    76003,
    'rid_not_permitted',
    'never',
    '没有查询该 rid 的权限（不属于此账号）。',
    'This account may not query the rid (it is another’s).',
  ],
  [76004, 'rid_expired', 'never', 'rid 已过期（仅保留 7 天）。', 'The rid is older than seven days.'],
  [76021, 'cgi_path_not_found', 'edit', 'cgi_path 不存在，请核对。', 'There is no such cgi_path.'],
  [
    76022,
    'cgi_path_not_permitted',
    'never',
    '没有查询该 cgi_path 的权限。',
    'This account may not query the cgi_path.',
  ],
  // Agents of WeChat's own tool
  [
    65400,
    'kf_api_unavailable',
    'fix',
    '客服接口不可用，请先开通客服功能。',
    'The agent API is not available. Enable customer service first.',
  ],
  [65401, 'kf_account_invalid', 'edit', '无效的客服账号。', 'The agent account is not valid.'],
  [
    65402,
    'kf_account_unbound',
    'fix',
    '客服账号尚未绑定微信号，不能使用。',
    'The agent account is not bound to a WeChat ID yet.',
  ],
  [65403, 'kf_nickname_invalid', 'edit', '客服昵称不合法。', 'The agent nickname is not allowed.'],
  [65404, 'kf_account_malformed', 'edit', '客服账号不合法。', 'The agent account is malformed.'],
  [
    65405,
    'kf_account_limit',
    'never',
    '客服账号数量已达上限，不能再添加。',
    'No more agent accounts can be added.',
  ],
  [65406, 'kf_account_exists', 'edit', '客服账号已存在。', 'The agent account exists already.'],
  [
    65407,
    'kf_already_agent',
    'never',
    '对方已经是该小程序的客服。',
    'The invited person is an agent of this Mini Program already.',
  ],
  [
    65408,
    'kf_already_invited',
    'never',
    '已经向该微信号发出过邀请。',
    'This WeChat ID has been invited already.',
  ],
  [65409, 'kf_wechat_id_invalid', 'edit', '无效的微信号。', 'The WeChat ID is not valid.'],
  [
    65410,
    'kf_wechat_id_limit',
    'never',
    '对方绑定的客服账号数量已达上限。',
    'The invited person is bound to as many agent accounts as allowed.',
  ],
  [
    65411,
    'kf_invitation_pending',
    'never',
    '该客服账号已有一个等待确认的邀请。',
    'An invitation to this agent account waits for its answer.',
  ],
  [
    65412,
    'kf_account_bound',
    'never',
    '该客服账号已绑定微信号，不能再邀请。',
    'The agent account is bound to a WeChat ID already.',
  ],
  [
    65413,
    'kf_session_not_found',
    'never',
    '该用户没有对应的客服会话。',
    'There is no agent session with this user.',
  ],
  [65414, 'kf_session_taken', 'never', '该用户正由其他客服接待。', 'Another agent is serving this user.'],
  // Sub-merchants (客服子商户)
  [
    45070,
    'business_exists',
    'edit',
    '该 account_name 已创建过子商户。',
    'A sub-merchant of this account_name exists already.',
  ],
  [
    45071,
    'business_not_found',
    'edit',
    'business_id 对应的子商户不存在。',
    'There is no sub-merchant of this business_id.',
  ],
  [45077, 'business_limit', 'never', '子商户数量已达上限。', 'No more sub-merchants can be added.'],
  [
    45078,
    'business_nickname_invalid',
    'edit',
    '子商户昵称不合法（4–30 个字符，中文、英文、数字，中文算 2 个）。',
    'The sub-merchant’s nickname is not allowed: 4 to 30 Chinese characters (two each), letters and digits.',
  ],
  [
    45079,
    'business_nickname_forbidden',
    'edit',
    '子商户昵称含有违规词汇，请修改。',
    'The sub-merchant’s nickname holds forbidden words. Change it.',
  ],
  [
    45091,
    'business_45091',
    'fix',
    '客服子商户接口报错，原因见 errmsg。',
    'An error of the sub-merchant API; errmsg says which.',
  ],
]

const unknown: Errcode = {
  code: NaN,
  name: 'unknown',
  retry: 'never',
  zh: '微信返回了未收录的错误码，请查看 errmsg，并凭 rid 向微信查询。',
  en: 'This errcode is not in the table: see errmsg, and ask WeChat with the rid.',
}

const byCode: ReadonlyMap<number, Errcode> = new Map(
  rows.map(([code, name, retry, zh, en]) => [code, { code, name, retry, zh, en }]),
)

/** Every errcode that kefu knows. */
export const errcodes: readonly Errcode[] = [...byCode.values()]

/** The errcode's row; for a code that is not in the table, one named `unknown` that is never retried. */
export function explainErrcode(code: number): Errcode {
  return byCode.get(code) ?? { ...unknown, code }
}
