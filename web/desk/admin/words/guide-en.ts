import type { guideZhCN } from './guide-zh-CN.js'

/** The texts of the set-up guide in English. */
export const guideEn: Record<keyof typeof guideZhCN, string> = {
  'guide.title': 'Set-up guide',
  'guide.titleOf': 'Set-up guide: {name}',
  'guide.lead':
    'From the AppID to the first real message in five steps. Leave whenever you like; it goes on from here.',
  'guide.open': 'Set-up guide',
  'guide.another': 'Connect another',
  'guide.openWhat': 'Set-up guide: {what}',
  'guide.list': 'All Mini Programs',
  'guide.gone': 'There is no such Mini Program; it may have been removed. Begin again from the list.',
  'guide.progress': 'Progress',
  'guide.progressOf': '{done} of {all} steps done',
  'guide.state.done': 'Done',
  'guide.state.now': 'Now',
  'guide.state.later': 'Later',
  'guide.console': 'Open mp.weixin.qq.com (new window)',

  'guide.step.account': 'Give AppID and AppSecret',
  'guide.accountLead':
    'Sign in at mp.weixin.qq.com as its administrator and open 开发管理 → 开发设置 → 开发者 ID. The AppSecret is shown only when it is made or reset.',
  'guide.submit': 'Save and check',
  'guide.asking': 'Asking WeChat for an access token with it…',
  'guide.askAgain': 'Check again',
  'guide.changeSecret': 'Change the AppSecret',
  'guide.changeSecretHint': 'Give the right AppSecret; it is checked as soon as it is saved.',

  'guide.step.paste': 'Paste at mp.weixin.qq.com',
  'guide.pasteLead':
    'Open 开发管理 → 开发设置 → 消息推送, press 启用 (修改 where it is on already), give what stands below, leave this page open, and submit.',
  'guide.url': 'URL (服务器地址)',
  'guide.urlFixed': 'The host is that of KEFU_PUBLIC_URL.',
  'guide.domain': 'Your public host name',
  'guide.domainHint':
    'WeChat calls it from outside, such as kefu.example.com. It must lead to /wechat/ of this service.',
  'guide.address.empty': 'With the host name the whole URL stands here.',
  'guide.address.invalid': 'That is no address. Give the host name only, such as kefu.example.com.',
  'guide.address.local':
    'That is this machine or a private network: WeChat can’t reach it and verification fails. Give a public host name.',
  'guide.address.port':
    'WeChat pushes only to port 80 (http) and 443 (https), so verification fails. Put a proxy before the service and leave the port out.',
  'guide.address.http':
    'Verification works over http, but sign-in and messages cross the network in clear. Get a certificate and use https soon.',
  'guide.address.set':
    'Set KEFU_PUBLIC_URL={base} on the server too: sign-in and self-check want it; it holds from the next start on.',
  'guide.once': 'Token and EncodingAESKey are shown this once, and not after this page is left or reloaded.',
  'guide.hidden':
    'Token and EncodingAESKey are shown only when they are made. Not pasted yet, or lost? Make new ones.',
  'guide.remake': 'Make new Token and key',
  'guide.remakeSure':
    'The present Token and EncodingAESKey end at once. No message arrives until the new ones are submitted at mp.weixin.qq.com.',
  'guide.fixed':
    'Token and EncodingAESKey come from the environment, WECHAT_TOKEN and WECHAT_ENCODING_AES_KEY: give the same at mp.weixin.qq.com.',
  'guide.mode.plain': '消息加密方式 (encryption): choose 明文模式 (plain)',
  'guide.mode.compatible': '消息加密方式 (encryption): choose 兼容模式 (compatible)',
  'guide.mode.secure': '消息加密方式 (encryption): choose 安全模式 (secure)',
  'guide.format': '数据格式 (data format): choose JSON',

  'guide.step.verify': 'WeChat verifies the URL',
  'guide.verifyWaiting': 'Waiting for WeChat. Press 提交 at mp.weixin.qq.com; this changes by itself.',
  'guide.verified': 'Verified ({time})',
  'guide.unverified': 'No verification was seen, but pushes arrive, so the URL is right.',
  'guide.urlRefused.mismatch':
    '{time}: a verification had another signature, so the Token at mp.weixin.qq.com differs from this one. Copy it again, without spaces around it, and submit again.',
  'guide.urlRefused.missing':
    '{time}: a verification came without its parameters: a proxy may drop what follows the “?”. Check the proxy and submit again.',
  'guide.urlRefused.stale':
    '{time}: a verification’s time is far from this machine’s clock. Turn time synchronisation (NTP) on and submit again.',
  'guide.urlRefused.other':
    '{time}: a verification could not be read. Check that the URL is whole and submit again.',
  'guide.verifyHelp': 'WeChat shows an error and nothing changes here?',
  'guide.verifyHelp.timeout':
    '请求 URL 超时: the host name does not lead to this server, a firewall keeps port 80 or 443 closed, or the proxy does not pass /wechat/ on.',
  'guide.verifyHelp.token':
    'Token 验证失败: the Token differs; the certificate has ended or its chain is not whole; or another site, a login page or a firewall answers.',
  'guide.verifyHelp.redirect':
    'No redirects: WeChat does not follow one from http to https, so give the address that begins with https://.',

  'guide.step.arrive': 'The first message arrives',
  'guide.arriveLead':
    'Open the Mini Program on a phone, press the customer service button and write something. The Mini Program needs a <button open-type="contact">.',
  'guide.arriveWaiting': 'Waiting for the first message. This changes by itself.',
  'guide.arrived': 'The first push arrived ({time})',
  'guide.openConversation': 'Open this conversation',
  'guide.noTalkYet': 'Pushes arrive; no customer has written yet. Write something on a phone.',
  'guide.pushRefused.decrypt':
    '{time}: a push could not be decrypted, so the EncodingAESKey at mp.weixin.qq.com differs from this one. Copy it again and submit again.',
  'guide.pushRefused.key':
    '{time}: a push was encrypted and there is no EncodingAESKey here. Make a new one and paste it.',
  'guide.pushRefused.plaintext':
    '{time}: a push came in plain text, while this is set to secure mode. Choose 安全模式 for 消息加密方式 at mp.weixin.qq.com.',
  'guide.pushRefused.app_id':
    '{time}: a push was of another Mini Program or of a third-party platform. Check which Mini Program has this URL.',
  'guide.pushRefused.mismatch':
    '{time}: a push had another signature: the Token differs, or the request was not WeChat’s.',
  'guide.pushRefused.stale':
    '{time}: a push’s time is far from this machine’s clock. Turn time synchronisation (NTP) on.',
  'guide.pushRefused.missing':
    '{time}: a push came without its parameters: a proxy may drop what follows the “?”.',
  'guide.pushRefused.other':
    '{time}: a push could not be read. Check the data format, and look at the service’s log.',
  'guide.arriveHelp': 'The URL is verified and no message arrives?',
  'guide.arriveHelp.enabled':
    '消息推送 must say 已启用. Otherwise messages go to WeChat’s own agent tool on the web.',
  'guide.arriveHelp.platform':
    'Where a third-party platform was given the 客服消息 permission, it gets all pushes. Withdraw it at 设置 → 第三方设置.',
  'guide.arriveHelp.function':
    'Where a cloud function (云开发) takes some kinds of messages, those no longer come to the URL. Remove them in the console of 云开发 at 设置 → 全局设置 → 消息推送.',
  'guide.arriveHelp.hosting':
    'Where the message push of cloud hosting (微信云托管) is on, nothing comes to the URL. Turn it off in the console of 云托管 at 设置 → 消息推送.',
  'guide.arriveHelp.ai':
    'Where the AI of 腾讯云开发 was given 小程序客服 by a QR code, it may hold the permission. Stop its use in the console of 腾讯云开发, then withdraw it at 设置 → 第三方设置.',
  'guide.arriveHelp.paused':
    'After many failures in a row WeChat stops pushing for a minute. Mend the cause, wait a minute and write again.',

  'guide.step.finish': 'Self-check, and what comes next',
  'guide.finishLead': 'When the first message has arrived, everything between WeChat and here is looked at.',
  'guide.next': 'What comes next',
  'guide.next.rules': 'Write the first rule, so that the bot answers first',
  'guide.next.agents': 'Add colleagues',
  'guide.next.canned': 'Prepare canned replies',
  'guide.next.conversations': 'To the conversations',
}
