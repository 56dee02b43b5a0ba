/** What people have tried to get past chats with. */
export const hostile: readonly string[] = [
  '<script>globalThis.ran = 1</script>',
  '<img src=x onerror="globalThis.ran = 1">',
  '<svg/onload=globalThis.ran=1>',
  '<iframe srcdoc="<script>parent.ran = 1</script>"></iframe>',
  '<a href="javascript:globalThis.ran = 1">点我</a>',
  '<a href=" java\nscript:globalThis.ran = 1">点我</a>',
  '<a href="data:text/html,<script>opener.ran = 1</script>">点我</a>',
  '<a href="//evil.example/x">点我</a>',
  '<a onmouseover="globalThis.ran = 1" href="x">点我</a>',
  '<link rel=stylesheet href="https://evil.example/x.css"><style>@import "https://evil.example/y.css"</style>',
  '<base href="https://evil.example/"><form action="https://evil.example"><button>点我</button></form>',
  '{{ globalThis.ran = 1 }}${globalThis.ran = 1}',
  '</textarea></script><script>globalThis.ran = 1</script>',
  '\u202Egnp.exe\u2066\u2069 ]]><x>&lt;b&gt;&#60;script&#62;',
]
