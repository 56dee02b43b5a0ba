/** The second floor: Koa reads the body and looks at nothing in it. */
import Koa from 'koa'
import { handle, readBody, serve } from './serve.js'

const app = new Koa()
app.use(async (ctx) => {
  handle(await readBody(ctx.req))
  ctx.body = 'success'
})
serve(app.callback())
