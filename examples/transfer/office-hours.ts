/** China has one time zone and no summer time. */
const CHINA_MS = 8 * 60 * 60 * 1000

/** Whether people are there: Monday to Friday, 9:00 to 18:00 in China. Public holidays are yours to add. */
export function isOfficeHour(now: number): boolean {
  const china = new Date(now + CHINA_MS)
  const [day, hour] = [china.getUTCDay(), china.getUTCHours()]
  return day >= 1 && day <= 5 && hour >= 9 && hour < 18
}
