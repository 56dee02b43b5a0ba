const { lacksContactButton, openChat } = require('../../chat.js')
const { open } = require('../../open.js')

Page({
  data: {
    order: { number: '1024', goods: '云朵马克杯' },
    isWithoutButton: lacksContactButton(),
  },

  openOrder() {
    open('pages/order/detail', { id: this.data.order.number })
  },

  // WeChat only brings the customer back: going to the card's page is ours to do.
  onContact(event) {
    open(event.detail.path, event.detail.query)
  },

  openChat,
})
