const { lacksContactButton, openChat } = require('../../chat.js')
const { open } = require('../../open.js')

Page({
  data: { id: '', isWithoutButton: lacksContactButton() },

  // Opened by the list, by a link in a text, or by a card: pages/order/detail?id=1024
  onLoad({ id = '' }) {
    this.setData({ id })
  },

  onContact(event) {
    open(event.detail.path, event.detail.query)
  },

  openChat,
})
