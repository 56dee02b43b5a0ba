test('the bot answers', async () => {
  const { limits, splitText } = await import('kefu')
  expect(splitText('您好')).toEqual(['您好'])
  expect(limits.textBytes).toBe(2048)
})
