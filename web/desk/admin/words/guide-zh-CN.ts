/** The texts of the set-up guide in Chinese. */
export const guideZhCN = {
  'guide.title': '接入向导',
  'guide.titleOf': '接入向导：{name}',
  'guide.lead': '从 AppID 到第一条真实消息，共五步。可以随时离开，回来后从这里继续。',
  'guide.open': '接入向导',
  'guide.another': '接入另一个',
  'guide.openWhat': '接入向导：{what}',
  'guide.list': '全部小程序',
  'guide.gone': '没有这个小程序，可能已被删除。请从小程序列表重新开始。',
  'guide.progress': '接入进度',
  'guide.progressOf': '已完成 {done} / {all} 步',
  'guide.state.done': '已完成',
  'guide.state.now': '进行中',
  'guide.state.later': '稍后',
  'guide.console': '打开 mp.weixin.qq.com（新窗口）',

  'guide.step.account': '填写 AppID 和 AppSecret',
  'guide.accountLead':
    '用管理员微信登录 mp.weixin.qq.com，打开「开发管理 → 开发设置 → 开发者 ID」。AppSecret 只在生成或重置时显示一次。',
  'guide.submit': '保存并验证',
  'guide.asking': '正在用它向微信取 access_token…',
  'guide.askAgain': '重新验证',
  'guide.changeSecret': '更换 AppSecret',
  'guide.changeSecretHint': '填入正确的 AppSecret，保存后立即再验证一次。',

  'guide.step.paste': '粘贴到微信后台',
  'guide.pasteLead':
    '打开「开发管理 → 开发设置 → 消息推送」，点「启用」（已启用则点「修改」），填入下面各项，先不要关闭本页，然后提交。',
  'guide.url': 'URL（服务器地址）',
  'guide.urlFixed': '域名来自 KEFU_PUBLIC_URL。',
  'guide.domain': '你的公网域名',
  'guide.domainHint': '微信从公网访问它，例如 kefu.example.com。它要能到达本服务的 /wechat/。',
  'guide.address.empty': '填写域名后，这里给出完整的 URL。',
  'guide.address.invalid': '这不是一个地址。请只填域名，例如 kefu.example.com。',
  'guide.address.local': '这是本机或内网地址，微信访问不到，验证会失败。请换成公网域名。',
  'guide.address.port':
    '微信只推送到 80（http）和 443（https）端口，验证会失败。请在前面放反向代理，并去掉端口。',
  'guide.address.http': 'http 可以通过验证，但登录和消息在网络上没有加密。请尽快配置证书，改用 https。',
  'guide.address.set': '另请在服务器上设置 KEFU_PUBLIC_URL={base}，登录和自检都要用到，重启后生效。',
  'guide.once': 'Token 和 EncodingAESKey 只显示这一次，离开或刷新本页后不再显示。',
  'guide.hidden': 'Token 和 EncodingAESKey 只在生成时显示。还没有粘贴，或者已经丢失？请重新生成。',
  'guide.remake': '重新生成 Token 和 EncodingAESKey',
  'guide.remakeSure':
    '现在的 Token 和 EncodingAESKey 会立即失效。在微信后台换上新的并提交之前，收不到客户的消息。',
  'guide.fixed':
    'Token 和 EncodingAESKey 来自环境变量 WECHAT_TOKEN 和 WECHAT_ENCODING_AES_KEY，请在微信后台填写同样的值。',
  'guide.mode.plain': '消息加密方式：选「明文模式」',
  'guide.mode.compatible': '消息加密方式：选「兼容模式」',
  'guide.mode.secure': '消息加密方式：选「安全模式」',
  'guide.format': '数据格式：选「JSON」',

  'guide.step.verify': '微信验证 URL',
  'guide.verifyWaiting': '等待微信验证。在微信后台点「提交」，这里会自动变化。',
  'guide.verified': '已验证（{time}）',
  'guide.unverified': '没有看到验证，但推送已经到达，URL 是对的。',
  'guide.urlRefused.mismatch':
    '{time} 有一次验证的签名不符：微信后台填的 Token 与这里的不同。请重新复制 Token（前后不要有空格），再提交一次。',
  'guide.urlRefused.missing':
    '{time} 有一次验证缺少参数：反向代理可能去掉了「?」后面的内容。请检查代理设置，再提交一次。',
  'guide.urlRefused.stale':
    '{time} 有一次验证的时间与本机时钟相差太多。请在服务器上开启时间同步（NTP），再提交一次。',
  'guide.urlRefused.other': '{time} 有一次验证的内容读不懂。请核对 URL 是否填写完整，再提交一次。',
  'guide.verifyHelp': '提交后微信报错，这里没有变化？',
  'guide.verifyHelp.timeout':
    '「请求 URL 超时」：域名没有解析到这台服务器，防火墙或安全组没有放行 80 / 443 端口，或者反向代理没有转发 /wechat/。',
  'guide.verifyHelp.token':
    '「Token 验证失败」：Token 不同；证书过期或缺少中间证书；或者应答的是别的网站、登录页、防火墙。',
  'guide.verifyHelp.redirect':
    'URL 不能跳转：微信不跟随 http 到 https 的跳转，请直接填写 https:// 开头的地址。',

  'guide.step.arrive': '收到第一条消息',
  'guide.arriveLead':
    '用手机打开小程序，点客服按钮，发一句话。小程序的页面里要有 <button open-type="contact">。',
  'guide.arriveWaiting': '等待第一条消息。收到后这里会自动变化。',
  'guide.arrived': '第一条推送已到达（{time}）',
  'guide.openConversation': '打开这个会话',
  'guide.noTalkYet': '推送能到达了，还没有客户的消息。请在手机上发一句话。',
  'guide.pushRefused.decrypt':
    '{time} 有一条推送解不开：微信后台的 EncodingAESKey 与这里的不同。请重新复制，再提交一次。',
  'guide.pushRefused.key': '{time} 有一条加密的推送，而这里没有 EncodingAESKey。请重新生成并粘贴。',
  'guide.pushRefused.plaintext':
    '{time} 有一条明文推送，而这里用的是安全模式。请在微信后台把「消息加密方式」改为安全模式。',
  'guide.pushRefused.app_id':
    '{time} 有一条推送属于另一个小程序或第三方平台。请核对这个 URL 填在了哪个小程序里。',
  'guide.pushRefused.mismatch':
    '{time} 有一条推送的签名不符：Token 与微信后台的不同，或者请求不是微信发来的。',
  'guide.pushRefused.stale': '{time} 有一条推送的时间与本机时钟相差太多。请在服务器上开启时间同步（NTP）。',
  'guide.pushRefused.missing': '{time} 有一条推送缺少参数：反向代理可能去掉了「?」后面的内容。',
  'guide.pushRefused.other': '{time} 有一条推送读不懂。请核对数据格式，并查看服务的日志。',
  'guide.arriveHelp': 'URL 验证通过，却收不到消息？',
  'guide.arriveHelp.enabled': '「消息推送」要显示「已启用」。没有启用时，消息会进入微信的网页版客服工具。',
  'guide.arriveHelp.platform':
    '客服消息权限授权给了第三方平台时，推送只发给该平台。到「设置 → 第三方设置」取消授权。',
  'guide.arriveHelp.function':
    '云开发里为消息类型配置了云函数时，这些类型不再推送到 URL。到云开发控制台「设置 → 全局设置 → 消息推送」删除。',
  'guide.arriveHelp.hosting':
    '微信云托管开启了消息推送时，所有消息都不再推送到 URL。到云托管控制台「设置 → 消息推送」关闭。',
  'guide.arriveHelp.ai':
    '扫码把小程序客服授权给腾讯云开发的 AI 智能体后，客服权限可能被它占用。到腾讯云开发控制台停用该接入，再到「设置 → 第三方设置」取消授权。',
  'guide.arriveHelp.paused': '连续失败多次后，微信会暂停推送 1 分钟。修好后等一分钟，再发一句话。',

  'guide.step.finish': '自检和下一步',
  'guide.finishLead': '第一条消息到达后，会自动检查一遍微信与本服务之间的每一环。',
  'guide.next': '接下来',
  'guide.next.rules': '写第一条规则，让机器人先回答',
  'guide.next.agents': '添加同事，一起接待',
  'guide.next.canned': '准备快捷回复',
  'guide.next.conversations': '去会话列表',
}
