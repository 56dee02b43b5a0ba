import { readFile } from 'node:fs/promises'
import type { Middleware } from 'koa'

const cover = new URL('../../assets/demo/cover.png', import.meta.url)

/** The little web site that the demo's link cards point to. */
export const demoSite: Middleware = async (ctx, next) => {
  if (ctx.path === '/demo/cover.png') {
    ctx.type = 'image/png'
    ctx.body = await readFile(cover)
  } else if (ctx.path === '/demo/care') {
    ctx.type = 'html'
    ctx.body =
      '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>云朵马克杯的保养方法</title>' +
      '<h1>云朵马克杯的保养方法</h1><p>温水清洗，不要使用钢丝球；放入洗碗机前请取下杯盖。</p>'
  } else await next()
}
