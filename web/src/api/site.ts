import type { components } from './schema'

type Site = components['schemas']['SiteView']

let served: Site[] = []
let current = 'cn'

/** The code of the site that this page shows. */
export const siteOf = () => current

/** The time zone of that site. */
export const zoneOf = () => served.find((s) => s.code === current)?.time_zone ?? 'UTC'

/** The sites of this deployment. */
export const sitesServed = () => served

/** Where a site is: its own host when it has one, else this one with the choice in the address. */
export function addressOf(code: string) {
  const host = served.find((s) => s.code === code)?.hosts[0]
  return host ? `${window.location.protocol}//${host}/?site=${code}` : `/?site=${code}`
}

/** Decides the site before the first page: `?site=intl`, which is remembered, else a remembered choice, else that of the host. */
export async function chooseSite() {
  const asked = new URLSearchParams(window.location.search).get('site')
  const answer = await fetch('/api/v1/sites').catch(() => undefined)
  if (!answer?.ok) return
  const list = (await answer.json()) as components['schemas']['SiteList']
  served = list.sites
  const known = (code: string | null) => (served.some((s) => s.code === code) ? code : null)
  if (known(asked)) localStorage.setItem('site', asked as string)
  current = known(localStorage.getItem('site')) ?? list.current
}
