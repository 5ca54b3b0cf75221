import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Alert, Button, Descriptions, Empty, Form, Input, Table, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Chart } from '../../kit/charts'
import { Entry } from '../../kit/form'
import { Await } from '../../kit/page'
import { Id, State, Time, useText } from '../../kit/show'

/** The authorisation code of an instance: to be copied into the software, which activates it. */
export function LicencePanel({ licence }: { licence: Schemas['LicenceView'] }) {
  const { t } = useTranslation()
  return (
    <>
      {!licence.code && (
        <Alert
          type="info"
          showIcon
          style={{ marginBottom: 16 }}
          title={t('licence.to_take')}
          description={t('licence.to_take_more')}
          action={
            <Link
              to={'/buyer/supervision' as never}
              search={{ order_number: licence.order_line.split('-')[0] } as never}
            >
              {t('nav.supervision')}
            </Link>
          }
        />
      )}
      {licence.code && licence.state === 'not_activated' && (
        <Alert
          type="info"
          showIcon
          style={{ marginBottom: 16 }}
          title={t('licence.to_activate')}
          description={t('licence.to_activate_more')}
        />
      )}
      <Descriptions
        column={1}
        size="small"
        items={[
          {
            key: 'c',
            label: t('licence.code'),
            children: licence.code ? (
              <Typography.Text className="mono" copyable>
                {licence.code}
              </Typography.Text>
            ) : (
              '–'
            ),
          },
          { key: 's', label: t('field.state'), children: <State of={licence.state} /> },
          { key: 'i', label: t('licence.issued_at'), children: <Time at={licence.issued_at} /> },
          { key: 'a', label: t('licence.activated_at'), children: <Time at={licence.activated_at} /> },
          { key: 'r', label: t('licence.real_effect_at'), children: <Time at={licence.real_effect_at} /> },
          { key: 'q', label: t('licence.queried_at'), children: <Time at={licence.queried_at} /> },
        ]}
      />
    </>
  )
}

/** Active clients of a licence, day by day, as the software reported them. */
export function ClientsPanel({ code }: { code: string }) {
  const { t } = useTranslation()
  const query = useQuery({
    queryKey: ['licence', code],
    queryFn: () => unwrap(api.GET('/api/v1/licences/{code}', { params: { path: { code } } })),
  })
  return (
    <Await query={query}>
      {(licence) =>
        licence.days.length === 0 ? (
          <p className="muted">{t('licence.no_clients')}</p>
        ) : (
          <Chart
            title={t('licence.clients_by_day')}
            axis={t('chart.day')}
            places={licence.days.map((d) => d.day.slice(5))}
            series={[{ name: t('licence.clients'), tone: 'brand', values: licence.days.map((d) => d.clients) }]}
          />
        )
      }
    </Await>
  )
}

/** The licence that came with the purchase (1.x). */
export function LicenceText({ text }: { text: string }) {
  const { t } = useTranslation()
  return (
    <>
      <pre style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', maxHeight: 240, overflow: 'auto' }}>{text}</pre>
      <Typography.Text copyable={{ text }}>{t('licence.copy')}</Typography.Text>
    </>
  )
}

/** Licences of on-line opening: asked for here, uploaded by the seller. */
export function Applications({ instance }: { instance: Schemas['InstanceView'] }) {
  const { t } = useTranslation()
  const text = useText()
  const path = { path: { id: instance.id } }
  const open = (a: { state: string }) => ['asked', 'accepted'].includes(a.state)
  const query = useQuery({
    queryKey: ['licence-applications', instance.id],
    queryFn: () => unwrap(api.GET('/api/v1/instances/{id}/licence-applications', { params: path })),
    refetchInterval: (q) => (q.state.data?.applications.some(open) ? 2000 : false),
  })
  return (
    <Await query={query}>
      {(d) => (
        <>
          {instance.state === 'running' && !d.applications.some(open) && (
            <Entry<{ device_fingerprint?: string }, unknown>
              layout="inline"
              initial={{}}
              run={({ device_fingerprint }) =>
                unwrap(
                  api.POST('/api/v1/instances/{id}/licence-applications', {
                    params: path,
                    body: { device_fingerprint: device_fingerprint || undefined },
                  }),
                )
              }
              done={() => void query.refetch()}
              send={t('licence.apply')}
            >
              <Form.Item
                name="device_fingerprint"
                label={t('licence.fingerprint')}
                tooltip={t('licence.fingerprint_hint')}
              >
                <Input maxLength={1024} />
              </Form.Item>
            </Entry>
          )}
          <Table
            style={{ marginTop: 16 }}
            size="small"
            rowKey="event_id"
            pagination={d.applications.length > 10 ? { pageSize: 10 } : false}
            dataSource={d.applications}
            scroll={{ x: 'max-content' }}
            locale={{ emptyText: <Empty description={t('licence.no_applications')} /> }}
            columns={[
              { key: 'e', title: t('licence.event'), render: (_, a) => <Id of={a.event_id} /> },
              { key: 'at', title: t('licence.asked_at'), render: (_, a) => <Time at={a.asked_at} /> },
              {
                key: 's',
                title: t('field.state'),
                render: (_, a) => (
                  <>
                    <State of={a.state} /> {a.error_text && <span className="dim">{text(a.error_text)}</span>}
                  </>
                ),
              },
              { key: 'd', title: t('licence.delivered_at'), render: (_, a) => <Time at={a.delivered_at} /> },
              {
                key: 'f',
                title: t('licence.title'),
                render: (_, a) =>
                  a.state === 'delivered' && (
                    <Button size="small" href={`/api/v1/licence-applications/${a.event_id}/file`} download>
                      {t('licence.download')}
                    </Button>
                  ),
              },
            ]}
          />
        </>
      )}
    </Await>
  )
}
