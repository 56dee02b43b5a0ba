/** Opens a page, given as WeChat gives it to bindcontact: a path, and the query as an object. */
function open(path, query) {
  if (!path) return
  const parameters = Object.keys(query || {}).map((key) => `${key}=${encodeURIComponent(query[key])}`)
  const search = parameters.length > 0 ? `?${parameters.join('&')}` : ''
  wx.navigateTo({ url: `/${path.replace(/^\//, '').replace(/\.html$/, '')}${search}` })
}

module.exports = { open }
