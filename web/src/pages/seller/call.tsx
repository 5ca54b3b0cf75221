import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useRouterState } from '@tanstack/react-router'
import { Button, Collapse, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Await, Page } from '../../kit/page'
import { State, Time } from '../../kit/show'
import { useRestart } from './calls'

function Attempt({ of }: { of: Schemas['AttemptView'] }) {
  const { t } = useTranslation()
  return (
    <div className="two">
      <div style={{ minWidth: 0 }}>
        <h2>{t('debugger.request')}</h2>
        <pre tabIndex={0}>{`${of.url.includes('authToken=') ? 'GET' : 'POST'} ${of.url}\n\n${of.request}`}</pre>
      </div>
      <div style={{ minWidth: 0 }}>
        <h2>{t('debugger.answer')}</h2>
        <pre tabIndex={0}>{of.answer ?? of.error ?? t('debugger.no_answer')}</pre>
      </div>
    </div>
  )
}

/** One production-interface message with every attempt. */
export function CallPage() {
  const { t } = useTranslation()
  const { id } = useParams({ strict: false }) as { id: string }
  const role = useRouterState({ select: (s) => s.location.pathname.split('/')[1] ?? 'seller' })
  const query = useQuery({
    queryKey: ['call', id],
    queryFn: () => unwrap(api.GET('/api/v1/calls/{id}', { params: { path: { id } } })),
  })
  const restart = useRestart()
  return (
    <Await query={query}>
      {(c) => (
        <Page
          title={t(`activity.${c.activity}`)}
          above={<Link to={`/${role}/calls` as never}>{t('nav.calls')}</Link>}
          purpose={c.order_number ?? c.instance_id}
          actions={
            <>
              <State of={c.state} />
              {c.state !== 'done' && <Button onClick={() => restart.mutate(c.id)}>{t('calls.restart')}</Button>}
            </>
          }
        >
          <Collapse
            defaultActiveKey={c.attempts.length - 1}
            items={c.attempts.map((a, i) => ({
              key: i,
              label: (
                <span>
                  {i + 1}. <Time at={a.at} />{' '}
                  <Tag
                    color={
                      a.outcome === 'success' || a.outcome === 'accepted'
                        ? 'green'
                        : a.outcome === 'not_yet'
                          ? 'blue'
                          : 'red'
                    }
                  >
                    {a.outcome ?? t('calls.unknown')}
                  </Tag>{' '}
                  {a.status && `HTTP ${a.status}`} {a.duration_ms !== null && `${a.duration_ms} ms`}
                </span>
              ),
              children: <Attempt of={a} />,
            }))}
          />
        </Page>
      )}
    </Await>
  )
}
