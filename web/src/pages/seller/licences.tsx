import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useRouterState } from '@tanstack/react-router'
import { Button, Empty, Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { List } from '../../kit/list'
import { Await, Page } from '../../kit/page'
import { Id, State, Time } from '../../kit/show'
import { LicenceKeys } from '../licence/keys'
import { RightsPanel } from '../licence/rights'
import { ClientsPanel, LicencePanel } from '../buyer/licence'

type Row = Schemas['LicenceView']

const useConsole = () => useRouterState({ select: (s) => s.location.pathname.split('/')[1] ?? 'seller' })

/** Test codes: activation and query are tried with them before anything is sold. */
function TestCodes() {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: ['test-codes'], queryFn: () => unwrap(api.GET('/api/v1/seller/test-codes')) })
  const request = useAction(() => unwrap(api.POST('/api/v1/seller/test-codes')))
  const reached = (at?: string | null) =>
    at ? (
      <Tag color="green">
        {t('licence.succeeded')} <Time at={at} />
      </Tag>
    ) : (
      <Tag>{t('licence.not_yet')}</Tag>
    )
  return (
    <section className="panel" style={{ padding: 24 }}>
      <div className="row" style={{ justifyContent: 'space-between' }}>
        <h2>{t('licence.test_codes')}</h2>
        <Button loading={request.isPending} onClick={() => request.mutate(undefined)}>
          {t('licence.request_test_code')}
        </Button>
      </div>
      <p className="muted">{t('licence.test_codes_more')}</p>
      <Await query={query}>
        {(d) => (
          <Table
            size="small"
            rowKey="code"
            pagination={d.test_codes.length > 10 ? { pageSize: 10 } : false}
            dataSource={d.test_codes}
            scroll={{ x: 'max-content' }}
            locale={{ emptyText: <Empty description={t('licence.no_test_codes')} /> }}
            columns={[
              { key: 'c', title: t('licence.code'), render: (_, x) => <Id of={x.code} /> },
              { key: 'at', title: t('licence.issued_at'), render: (_, x) => <Time at={x.issued_at} /> },
              { key: 'a', title: t('licence.activation'), render: (_, x) => reached(x.activated_at) },
              { key: 'q', title: t('licence.query'), render: (_, x) => reached(x.queried_at) },
            ]}
          />
        )}
      </Await>
    </section>
  )
}

/** Licences that were sold, and for sellers the test codes. */
export function Licences() {
  const { t } = useTranslation()
  const role = useConsole()
  return (
    <Page title={t('nav.licences')} purpose={t('licence.purpose')}>
      <div className="stack">
        <div>
          <List<Row>
            name="licences"
            rowKey={(l) => l.instance}
            empty={t('licence.empty')}
            fetch={async ({ code, product }, paging) => {
              const data = await unwrap(
                api.GET('/api/v1/licences', { params: { query: { as: role, code, product, ...paging } } }),
              )
              return { rows: data.licences, next: data.next }
            }}
            filters={[{ name: 'code', label: t('licence.code') }]}
            columns={[
              {
                key: 'code',
                title: t('licence.code'),
                value: (l) => l.code,
                render: (l) =>
                  l.code && (
                    <Link className="mono" to={`/${role}/licences/$code` as never} params={{ code: l.code } as never}>
                      {l.code}
                    </Link>
                  ),
              },
              {
                key: 'state',
                title: t('field.state'),
                value: (l) => t(`state.${l.state}`),
                render: (l) => <State of={l.state} />,
              },
              {
                key: 'line',
                title: t('field.order_number'),
                value: (l) => l.order_line,
                render: (l) => (
                  <Link
                    className="mono"
                    to={`/${role}/orders/$number` as never}
                    params={{ number: l.order_line.split('-')[0] } as never}
                  >
                    {l.order_line}
                  </Link>
                ),
              },
              {
                key: 'issued',
                title: t('licence.issued_at'),
                sort: 'created',
                value: (l) => l.issued_at,
                render: (l) => <Time at={l.issued_at} />,
              },
              {
                key: 'activated',
                title: t('licence.activated_at'),
                value: (l) => l.activated_at,
                render: (l) => <Time at={l.activated_at} />,
              },
              {
                key: 'ends',
                title: t('field.expires_at'),
                value: (l) => l.expires_at,
                render: (l) => <Time at={l.expires_at} />,
              },
              {
                key: 'asked',
                title: t('licence.queried_at'),
                value: (l) => l.queried_at,
                render: (l) => <Time at={l.queried_at} />,
              },
            ]}
          />
        </div>
        {role === 'seller' && <TestCodes />}
        {role === 'seller' && <LicenceKeys />}
      </div>
    </Page>
  )
}

/** One licence with its active clients. */
export function LicencePage() {
  const { t } = useTranslation()
  const role = useConsole()
  const { code } = useParams({ strict: false }) as { code: string }
  const query = useQuery({
    queryKey: ['licence', code],
    queryFn: () => unwrap(api.GET('/api/v1/licences/{code}', { params: { path: { code } } })),
  })
  return (
    <Await query={query}>
      {(licence) => (
        <Page
          title={code}
          above={<Link to={`/${role}/licences` as never}>{t('nav.licences')}</Link>}
          actions={<State of={licence.state} />}
        >
          <div className="split">
            <div className="stack">
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('rights.title')}</h2>
                <RightsPanel code={code} role={role} />
              </section>
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('licence.clients')}</h2>
                <ClientsPanel code={code} />
              </section>
            </div>
            <section className="panel" style={{ padding: 24 }}>
              <h2>{t('licence.title')}</h2>
              <LicencePanel licence={licence} />
            </section>
          </div>
        </Page>
      )}
    </Await>
  )
}
