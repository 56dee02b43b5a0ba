import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { htmlText, type HtmlText } from './html-text.js'

const read = (html: string): Promise<HtmlText> => htmlText(html, async () => undefined)
const textOf = async (html: string): Promise<string> => (await read(html)).text

describe('the text of a page', () => {
  it('has headings as in Markdown, a paragraph or a row of a table a line', async () => {
    const { title, text } = await read(`<!doctype html><html><head><title>帮助 &amp; 售后</title>
      <style>p { color: red }</style><script>var a = "<p>坏</p>"</script></head><body>
      <h1>退货<br>规则</h1><p>签收 7 天内可退，<b>请保留</b>包装。</p>
      <ul><li>运费自理<li>退款 3 天到账</ul>
      <table><tr><th>地区</th><th>运费</th></tr><tr><td>江浙沪</td><td>8&nbsp;元</td></tr></table>
      <dl><dt>包邮吗</dt><dd>满 99 元包邮。</dd></dl>
      <details><summary>能开发票吗</summary>只开电子普通发票。</details></body></html>`)
    expect(title).toBe('帮助 & 售后')
    expect(text.split('\n').filter((line) => line !== '')).toEqual([
      '# 退货 规则',
      '签收 7 天内可退，请保留包装。',
      '运费自理',
      '退款 3 天到账',
      '地区 运费',
      '江浙沪 8 元',
      '# 包邮吗',
      '满 99 元包邮。',
      '# 能开发票吗',
      '只开电子普通发票。',
    ])
  })

  it('is the page’s own, where it says what that is, and never what is hidden', async () => {
    const page = (own: string): string =>
      `<header>店名</header><nav><div>首页</div><nav>次级</nav>菜单</nav>${own}<aside>广告</aside><footer>备案</footer>`
    expect(await textOf(page('<main><p>正文<div hidden><p>暗</p></div></main><p>外面</p>'))).toBe('正文')
    expect(await textOf(page('<article>一</article><p>外</p><article>二</article>'))).toBe('一\n\n二')
    expect(await textOf(page('<p>正文</p><span style="color:red; display:none">暗</span>'))).toBe(
      '店名\n\n正文',
    )
    // Where the frame is filled by a script only, what else there is counts.
    expect(await textOf(page('<main></main><p>正文</p>'))).toBe('店名\n\n正文')
  })

  it('is found also where markup is broken', async () => {
    expect(await textOf('<p title="a > b">1 < 2 &lt; 3</p>')).toBe('1 < 2 < 3')
    expect(await textOf('<nav>没有结束 <p>正文')).toBe('没有结束\n\n正文')
    expect(await textOf('<p>前<!-- 没有结束 <p>后')).toBe('前')
    expect(await textOf('<p>前<script>alert(1)')).toBe('前')
    expect(await textOf('&#20320;&#x597d;&#0;&#xd800;&#9999999;&bogus;')).toBe('你好&bogus;')
    expect(await textOf('<p a="没有结束')).toBe('')
    expect(await textOf('<pre>一\n  二</pre>')).toBe('一\n二')
  })

  it('never fails, and holds no script, whatever the page is made of', async () => {
    const tags = [
      '<p>',
      '</p>',
      '<h2>',
      '</h2>',
      '<nav>',
      '</nav>',
      '<main>',
      '</main>',
      '<title>',
      '</title>',
    ]
    const others = ['字', ' ', '\n', '&lt;', '<br/>', '<pre>', '</pre>', '<script>恶意()</script>']
    const odd = ['<', '>', '</', '"', "'", '=', 'p', '&', '<!--', '-->', '<a b="', '<script>']
    const made = (pieces: string[]): fc.Arbitrary<string> =>
      fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((all) => all.join(''))
    await fc.assert(
      fc.asyncProperty(
        made([...tags, ...others]),
        made([...tags, ...others, ...odd]),
        async (page, broken) => {
          expect(await textOf(page)).not.toContain('恶意')
          for (const html of [page, broken]) expect(await textOf(html)).not.toMatch(/\n{3}|^\s|\s$/)
        },
      ),
    )
  })

  it('comes to an end soon, whatever the page repeats', async () => {
    for (const piece of [
      '<',
      '<p',
      '<!--',
      '<script>',
      '<nav>',
      '<a b="',
      '</',
      '&#',
      '<svg/>',
      '<title>',
      '\u00a0',
    ])
      expect(typeof (await textOf(piece.repeat(200_000 / piece.length)))).toBe('string')
  })
})
