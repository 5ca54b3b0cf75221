import createClient from 'openapi-fetch'
import { isOutcome, Keys } from './keys'
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

export const api = createClient<paths>({
  baseUrl: '/',
  fetch: async (request) => (request.method === 'GET' ? fetch(request) : keyed(request, await request.clone().text())),
})

const keys = new Keys()
/** Where a write comes from and goes to: one key until its outcome is known. */
const place = (method: string, url: string) => `${location.pathname}${location.search} ${method} ${url}`

/** Sends a write with its key. */
async function keyed(request: Request, body: string): Promise<Response> {
  const from = place(request.method, request.url)
  const key = keys.begin(from, body)
  request.headers.set('Idempotency-Key', key)
  let known = false
  try {
    const answer = await fetch(request)
    known = await isOutcome(answer)
    return answer
  } finally {
    keys.end(from, key, known)
  }
}

api.use({
  async onRequest({ request }) {
    request.headers.set('X-Site', siteOf())
    if (request.method !== 'GET') {
      const token = await csrfToken()
      if (token) request.headers.set('X-CSRF-Token', token)
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

/** A file as an input: another one of the same name has another length or date. */
const described = (file: Blob) => `${file.size} ${file instanceof File ? `${file.name} ${file.lastModified}` : ''}`

/** Sends a large file as it is; `progress` hears how many bytes went. */
export async function send(path: string, file: Blob, progress: (sent: number) => void): Promise<Sending> {
  const token = await csrfToken()
  const request = new XMLHttpRequest() // fetch does not say how far an upload is
  request.open('POST', path)
  request.setRequestHeader('Content-Type', 'application/octet-stream')
  request.setRequestHeader('X-Site', siteOf())
  const from = place('POST', path)
  const key = keys.begin(from, described(file))
  request.setRequestHeader('Idempotency-Key', key)
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
    request.onload = () => {
      keys.end(from, key, request.status < 500)
      if (request.status < 300) resolve(read())
      else reject(new Refused(asProblem(read(), request.status)))
    }
    request.onerror = () => {
      keys.end(from, key, false)
      reject(new Error('network'))
    }
    request.onabort = () => {
      keys.end(from, key, true)
      reject(new BrokenOff())
    }
  })
  request.send(file)
  return { done, abort: () => request.abort() }
}

/** Sends a picture as it is. */
export async function upload(path: string, file: Blob): Promise<Schemas['PictureView']> {
  const token = await csrfToken()
  const request = new Request(path, {
    method: 'POST',
    body: file,
    headers: { 'Content-Type': 'application/octet-stream', ...(token ? { 'X-CSRF-Token': token } : {}) },
  })
  const response = await keyed(request, described(file))
  const answer: unknown = await response.json().catch(() => null)
  if (!response.ok) throw new Refused(asProblem(answer, response.status))
  return answer as Schemas['PictureView']
}
