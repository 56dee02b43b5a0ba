/** The floor: Koa answers and reads nothing. */
import Koa from 'koa'
import { handle, serve } from './serve.js'

const app = new Koa()
app.use((ctx) => {
  handle('')
  ctx.body = 'success'
})
serve(app.callback())
