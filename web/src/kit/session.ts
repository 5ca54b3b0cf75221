import { useQuery, useQueryClient } from '@tanstack/react-query'
import dayjs from 'dayjs'
import { api, setCsrf, unwrap, Refused, type Schemas } from '../api/client'

export type Me = Schemas['Me']

const load = async (): Promise<Me | null> => {
  try {
    const me = await unwrap(api.GET('/api/v1/me'))
    setCsrf(me.csrf_token)
    return me
  } catch (e) {
    if (e instanceof Refused && e.problem.status === 401) {
      setCsrf(null)
      return null
    }
    throw e
  }
}

/** Who is logged in; null when nobody is. */
export const useMe = () => useQuery({ queryKey: ['me'], queryFn: load, staleTime: 60_000 })

/** The time as the platform has it: the clock of a sandbox may have been moved. */
export function useNow() {
  const sandbox = useMe().data?.sandbox === true
  const clock = useQuery({
    queryKey: ['clock'],
    enabled: sandbox,
    staleTime: 60_000,
    queryFn: () => unwrap(api.GET('/api/v1/sandbox/clock')),
  })
  return dayjs(clock.data?.now)
}

export const useLogOut = () => {
  const client = useQueryClient()
  return async () => {
    await unwrap(api.DELETE('/api/v1/session'))
    setCsrf(null)
    // What one person typed and did not send is not for the next one at this browser.
    for (const key of Object.keys(localStorage)) if (key.startsWith('draft.')) localStorage.removeItem(key)
    client.clear()
    window.location.assign('/')
  }
}
