import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useRouterState } from '@tanstack/react-router'
import { Descriptions, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { List } from '../../kit/list'
import { Await, Page } from '../../kit/page'
import { Id, Time } from '../../kit/show'

type Call = Schemas['OpenApiCallSummary']

/** The list stands in the seller's console and among a person's own pages. */
const useHere = () =>
  useRouterState({
    select: (s) => (s.location.pathname.startsWith('/seller') ? '/seller/open-api-calls' : '/account/open-api-calls'),
  })

const milliseconds = (us: number) => `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms`

const Outcome = ({ of }: { of: Call }) => (
  <Tag color={of.failed ? 'red' : 'green'}>
    {of.status}
    {of.code && ` · ${of.code}`}
  </Tag>
)

const pretty = (text: string) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 1)
  } catch {
    return text
  }
}

/** What was called at the open APIs with the account's access keys, and what was answered. */
export function OpenApiCalls() {
  const { t } = useTranslation()
  const here = useHere()
  return (
    <Page title={t('nav.open_api_calls')} purpose={t('open_api.purpose')}>
      <List<Call>
        name="open-api-calls"
        rowKey={(c) => c.id}
        empty={t('open_api.empty')}
        fetch={async ({ failed, path, access_key }, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/open-api-calls', { params: { query: { failed, path, access_key, ...paging } } }),
          )
          return { rows: data.calls, next: data.next }
        }}
        filters={[
          { name: 'failed', label: t('open_api.outcome'), options: [{ value: 'true', label: t('open_api.failed') }] },
          { name: 'path', label: t('open_api.path') },
          { name: 'access_key', label: t('open_api.access_key') },
        ]}
        columns={[
          {
            key: 'at',
            title: t('field.at'),
            sort: 'created',
            value: (c) => c.at,
            render: (c) => (
              <Link to={`${here}/$id` as never} params={{ id: c.id } as never}>
                <Time at={c.at} />
              </Link>
            ),
          },
          {
            key: 'outcome',
            title: t('open_api.outcome'),
            value: (c) => `${c.status} ${c.code ?? ''}`,
            render: (c) => <Outcome of={c} />,
          },
          {
            key: 'path',
            title: t('open_api.path'),
            value: (c) => `${c.method} ${c.path}`,
            render: (c) => (
              <span className="mono" style={{ wordBreak: 'break-all' }}>
                {c.method} {c.path}
              </span>
            ),
          },
          {
            key: 'key',
            title: t('open_api.access_key'),
            value: (c) => c.access_key,
            render: (c) => <span className="mono">{c.access_key}</span>,
          },
          { key: 'ms', title: t('open_api.duration'), align: 'right', value: (c) => milliseconds(c.duration_us) },
        ]}
      />
    </Page>
  )
}

/** One call: what was asked and what was answered. */
export function OpenApiCallPage() {
  const { t } = useTranslation()
  const here = useHere()
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useQuery({
    queryKey: ['open-api-call', id],
    queryFn: () => unwrap(api.GET('/api/v1/open-api-calls/{id}', { params: { path: { id } } })),
  })
  const body = (title: string, text: string) => (
    <section className="panel" style={{ padding: 16, minWidth: 0 }}>
      <h2>{title}</h2>
      <pre tabIndex={0}>{pretty(text) || t('open_api.no_body')}</pre>
    </section>
  )
  return (
    <Await query={query}>
      {(call) => (
        <Page
          title={t('open_api.one')}
          above={<Link to={here as never}>{t('nav.open_api_calls')}</Link>}
          actions={<Outcome of={call} />}
        >
          <div className="stack">
            <Descriptions
              className="panel"
              style={{ padding: 24 }}
              size="small"
              column={{ xs: 1, md: 2 }}
              items={[
                {
                  key: 'p',
                  label: t('open_api.path'),
                  children: (
                    <span className="mono" style={{ wordBreak: 'break-all' }}>
                      {call.method} {call.path}
                    </span>
                  ),
                },
                {
                  key: 'k',
                  label: t('open_api.access_key'),
                  children: <span className="mono">{call.access_key}</span>,
                },
                { key: 'at', label: t('field.at'), children: <Time at={call.at} /> },
                { key: 'ms', label: t('open_api.duration'), children: milliseconds(call.duration_us) },
                { key: 'id', label: t('open_api.request_id'), children: <Id of={call.id.replace('req_', '')} /> },
              ]}
            />
            <div className="two">
              {body(t('open_api.request'), call.request)}
              {body(t('open_api.answer'), call.answer)}
            </div>
          </div>
        </Page>
      )}
    </Await>
  )
}
