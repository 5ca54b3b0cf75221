import createClient from 'openapi-fetch'
import type { components, paths } from './schema'
import { siteOf } from './site'

export type Schemas = components['schemas']
export type Problem = Schemas['Problem']

/** Not known before the server was asked once. */
let csrf: string | null | undefined
/** The token that every write of a browser session carries. */
export const setCsrf = (token: string | null | undefined) => {
  csrf = token ?? null
}

/** A write that comes before anybody asked who is logged in asks first: it would be refused without the token. */
async function csrfToken(): Promise<string | null> {
  if (csrf === undefined) {
    const answer = await fetch('/api/v1/me')
    const me = (answer.ok ? await answer.json() : {}) as { csrf_token?: string | null }
    csrf ??= me.csrf_token ?? null
  }
  return csrf
}

export const api = createClient<paths>({ baseUrl: '/' })

api.use({
  async onRequest({ request }) {
    request.headers.set('X-Site', siteOf())
    if (request.method !== 'GET') {
      const token = await csrfToken()
      if (token) request.headers.set('X-CSRF-Token', token)
      request.headers.set('Idempotency-Key', crypto.randomUUID())
    }
    return request
  },
})

/** What the server refused, with its code and fields. */
export class Refused extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

const asProblem = (error: unknown, status: number): Problem => {
  if (typeof error === 'object' && error !== null && 'code' in error) return error as Problem
  return { type: '', title: '', status, detail: String(error), code: 'unknown', request_id: '', errors: [] }
}

type Answer<T> = { data?: T; error?: unknown; response: Response }

/** The data of an answer, or a `Refused`. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer
  if (data === undefined) throw new Refused(asProblem(error, response.status))
  return data
}

/** The sender changed its mind. */
export class BrokenOff extends Error {}

/** A file under way: what the server answers in the end, and how it is broken off. */
export type Sending = { done: Promise<unknown>; abort: () => void }

/** Sends a large file as it is; `progress` hears how many bytes went. */
export async function send(path: string, file: Blob, progress: (sent: number) => void): Promise<Sending> {
  const token = await csrfToken()
  const request = new XMLHttpRequest() // fetch does not say how far an upload is
  request.open('POST', path)
  request.setRequestHeader('Content-Type', 'application/octet-stream')
  request.setRequestHeader('X-Site', siteOf())
  if (token) request.setRequestHeader('X-CSRF-Token', token)
  request.upload.onprogress = (e) => progress(e.loaded)
  const read = (): unknown => {
    try {
      return JSON.parse(request.responseText)
    } catch {
      return request.responseText
    }
  }
  const done = new Promise<unknown>((resolve, reject) => {
    request.onload = () =>
      request.status < 300 ? resolve(read()) : reject(new Refused(asProblem(read(), request.status)))
    request.onerror = () => reject(new Error('network'))
    request.onabort = () => reject(new BrokenOff())
  })
  request.send(file)
  return { done, abort: () => request.abort() }
}

/** Sends a picture as it is. */
export async function upload(path: string, file: Blob): Promise<Schemas['PictureView']> {
  const token = await csrfToken()
  const response = await fetch(path, {
    method: 'POST',
    body: file,
    headers: { 'Content-Type': 'application/octet-stream', ...(token ? { 'X-CSRF-Token': token } : {}) },
  })
  const answer: unknown = await response.json().catch(() => null)
  if (!response.ok) throw new Refused(asProblem(answer, response.status))
  return answer as Schemas['PictureView']
}
