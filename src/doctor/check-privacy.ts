import { openToOthers, type DataPlaces } from '../store/private-data.js'
import type { Finding } from './finding.js'

/** Whether only the service's own user can read what is kept. */
export async function checkPrivacy(places: DataPlaces): Promise<Finding[]> {
  const check = 'privacy'
  const open = await openToOthers(places)
  if (open.length === 0)
    return [
      {
        check,
        level: 'ok',
        found: {
          zh: '数据文件只有运行服务的用户能读写。',
          en: 'Only the user that runs the service can read the data’s files.',
        },
      },
    ]
  return open.map(({ path, isDirectory }) => ({
    check,
    level: 'warn',
    found: {
      zh: `本机的其他用户可以读取或改写 ${path}。`,
      en: `Other users of this machine can read or change ${path}.`,
    },
    todo: {
      zh: '用下面的命令收回权限；文件属于别的用户时先 chown 给运行服务的用户。',
      en: 'Take the rights away with this command; where the file is another user’s, chown it to the service’s first.',
    },
    copy: `chmod ${isDirectory ? '700' : '600'} ${quoted(path)}`,
  }))
}

function quoted(path: string): string {
  return /^[\w/.-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}
