import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { Page } from '../../kit/page'
import { countText, Since } from '../../kit/show'

/** The operator's queues. */
export function Desk() {
  const { t } = useTranslation()
  const reviews = useQuery({
    queryKey: ['reviews', 'in_review'],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/applications', { params: { query: { state: 'in_review', limit: '100', direction: 'asc' } } }),
      ),
  })
  const sellers = useQuery({
    queryKey: ['sellers', 'in_review'],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/operator/sellers', {
          params: { query: { state: 'in_review', limit: '100', direction: 'asc' } },
        }),
      ),
  })
  const transfers = useQuery({
    queryKey: ['all-transfers', 'pending'],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/operator/transfers', {
          params: { query: { state: 'pending', limit: '100', direction: 'asc' } },
        }),
      ),
    retry: false,
  })
  const calls = useQuery({
    queryKey: ['calls', 'failed'],
    queryFn: () =>
      unwrap(api.GET('/api/v1/calls', { params: { query: { state: 'failed', limit: '100', direction: 'asc' } } })),
  })
  const supervised = (query: { state: 'open'; turn?: 'operator'; appealed?: 'true' }) =>
    unwrap(
      api.GET('/api/v1/supervision', {
        params: { query: { as: 'operator', limit: '100', direction: 'asc', ...query } },
      }),
    )
  const cases = useQuery({
    queryKey: ['supervision', 'operator'],
    queryFn: () => supervised({ state: 'open', turn: 'operator' }),
  })
  const appeals = useQuery({
    queryKey: ['supervision', 'appealed'],
    queryFn: () => supervised({ state: 'open', appealed: 'true' }),
  })
  const corrections = useQuery({
    queryKey: ['corrections', 'waiting'],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/operator/corrections', {
          params: { query: { state: 'waiting', limit: '100', direction: 'asc' } },
        }),
      ),
    retry: false,
  })
  const holds = useQuery({
    queryKey: ['usage-holds', 'waiting'],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/usage-holds', {
          params: { query: { state: 'waiting', limit: '100', direction: 'asc' } },
        }),
      ),
  })
  const queue = (
    to: string,
    search: Record<string, string>,
    title: string,
    of?: { rows: { at?: string | null }[]; next?: string | null },
  ) => (
    <Link to={to} search={search as never} className="panel">
      <span className="muted">{title}</span>
      <strong className={of?.rows.length ? 'num' : 'num none'}>{countText(of?.rows, of?.next)}</strong>
      <div className="dim">
        {of?.rows[0]?.at ? (
          <>
            {t('desk.oldest')} <Since at={of.rows[0].at} />
          </>
        ) : (
          of && t('desk.nothing')
        )}
      </div>
    </Link>
  )
  const rows = <T,>(list: T[], at: (row: T) => string | null | undefined) => list.map((row) => ({ at: at(row) }))
  return (
    <Page title={t('nav.desk')} purpose={t('desk.purpose')}>
      <div className="queues">
        {queue(
          '/operator/reviews',
          { state: 'in_review' },
          t('desk.reviews'),
          reviews.data && { rows: rows(reviews.data.applications, (a) => a.submitted_at), next: reviews.data.next },
        )}
        {queue(
          '/operator/sellers',
          { state: 'in_review' },
          t('desk.sellers'),
          sellers.data && { rows: rows(sellers.data.sellers, (a) => a.submitted_at), next: sellers.data.next },
        )}
        {queue(
          '/operator/transfers',
          { state: 'pending' },
          t('desk.transfers'),
          transfers.data && { rows: rows(transfers.data.transfers, (x) => x.created_at), next: transfers.data.next },
        )}
        {queue(
          '/operator/corrections',
          { state: 'waiting' },
          t('desk.corrections'),
          corrections.data && {
            rows: rows(corrections.data.corrections, (x) => x.asked_at),
            next: corrections.data.next,
          },
        )}
        {queue(
          '/operator/usage-holds',
          { state: 'waiting' },
          t('desk.holds'),
          holds.data && { rows: rows(holds.data.holds, (h) => h.created_at), next: holds.data.next },
        )}
        {queue(
          '/operator/supervision',
          { state: 'open', turn: 'operator' },
          t('desk.cases'),
          cases.data && { rows: rows(cases.data.cases, (c) => c.started_at), next: cases.data.next },
        )}
        {queue(
          '/operator/supervision',
          { state: 'open', appealed: 'true' },
          t('desk.appeals'),
          appeals.data && { rows: rows(appeals.data.cases, (c) => c.started_at), next: appeals.data.next },
        )}
        {queue(
          '/operator/calls',
          { state: 'failed' },
          t('desk.calls'),
          calls.data && { rows: rows(calls.data.calls, (c) => c.created_at), next: calls.data.next },
        )}
      </div>
    </Page>
  )
}
