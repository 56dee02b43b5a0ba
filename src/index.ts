export * from './wechat/index.js'
