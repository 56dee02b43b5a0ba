/**
 * HarmonyOS has no contact button (open-type="contact"). wx.openCustomerServiceChat works there. It opens 微信客服 of
 * 企业微信, another product: its messages come to 企业微信 and not to kefu. Both values are yours, from work.weixin.qq.com › 微信客服.
 */
const corpId = ''
const url = ''

/** Whether this phone lacks the contact button. */
function lacksContactButton() {
  return wx.getDeviceInfo ? wx.getDeviceInfo().platform === 'ohos' : false
}

/** Opens the other way to you; called by a tap, or WeChat refuses it. */
function openChat() {
  if (!wx.openCustomerServiceChat || corpId === '') {
    sayElsewhere()
    return
  }
  wx.openCustomerServiceChat({ corpId, extInfo: { url }, fail: sayElsewhere })
}

function sayElsewhere() {
  wx.showModal({
    title: '联系客服',
    content: '这台手机暂不支持小程序客服，请在其他手机上打开，或拨打客服电话。',
    showCancel: false,
  })
}

module.exports = { lacksContactButton, openChat }
