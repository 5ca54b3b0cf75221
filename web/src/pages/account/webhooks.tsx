import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import {
  Alert,
  Button,
  Descriptions,
  Empty,
  Form,
  Input,
  Popconfirm,
  Select,
  Switch,
  Table,
  Tag,
  Typography,
} from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Entry } from '../../kit/form'
import { List } from '../../kit/list'
import { Await, Page } from '../../kit/page'
import { Id, State, Time } from '../../kit/show'

type Endpoint = Schemas['EndpointView']
type Body = Schemas['EndpointBody']
type Delivery = Schemas['DeliveryView']

function Fields({ events }: { events: string[] }) {
  const { t } = useTranslation()
  return (
    <>
      <Form.Item
        name="url"
        label={t('webhooks.url')}
        rules={[{ required: true, message: t('form.required') }]}
        extra={t('webhooks.url_hint')}
      >
        <Input maxLength={512} placeholder="https://" />
      </Form.Item>
      <Form.Item name="description" label={t('webhooks.description')}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item name="events" label={t('messages.events')} extra={t('webhooks.events_hint')}>
        <Select
          mode="multiple"
          allowClear
          options={events.map((value) => ({
            value,
            label: `${t(`event.${value.replaceAll('.', '_')}`, { defaultValue: value })} (${value})`,
          }))}
        />
      </Form.Item>
    </>
  )
}

/** Endpoints that hear of the account's messages. */
export function Webhooks() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const query = useQuery({ queryKey: ['webhooks'], queryFn: () => unwrap(api.GET('/api/v1/webhooks')) })
  return (
    <Page title={t('nav.webhooks')} purpose={t('webhooks.purpose')}>
      <Await query={query}>
        {(d) => (
          <div className="stack">
            <section className="panel" style={{ padding: 24 }}>
              {d.endpoints.length === 0 ? (
                <Empty description={t('webhooks.empty')} />
              ) : (
                <Table<Endpoint>
                  size="small"
                  rowKey="id"
                  pagination={false}
                  dataSource={d.endpoints}
                  scroll={{ x: 'max-content' }}
                  columns={[
                    {
                      key: 'u',
                      title: t('webhooks.url'),
                      render: (_, e) => (
                        <Link className="mono" to={'/account/webhooks/$id' as never} params={{ id: e.id } as never}>
                          {e.url}
                        </Link>
                      ),
                    },
                    { key: 'd', title: t('webhooks.description'), dataIndex: 'description' },
                    {
                      key: 'e',
                      title: t('messages.events'),
                      render: (_, e) => (e.events.length ? e.events.length : t('webhooks.all_events')),
                    },
                    {
                      key: 's',
                      title: t('field.state'),
                      render: (_, e) => (
                        <Tag color={e.enabled ? 'green' : 'default'}>
                          {t(e.enabled ? 'webhooks.on' : 'webhooks.off')}
                        </Tag>
                      ),
                    },
                    { key: 'at', title: t('field.created_at'), render: (_, e) => <Time at={e.created_at} /> },
                  ]}
                />
              )}
            </section>
            <section className="panel" style={{ padding: 24 }}>
              <h2>{t('webhooks.add')}</h2>
              <Entry<Body, Endpoint>
                name="webhook"
                style={{ maxWidth: 640 }}
                run={(body) => unwrap(api.POST('/api/v1/webhooks', { body }))}
                done={(e) => void navigate({ to: '/account/webhooks/$id' as never, params: { id: e.id } as never })}
                send={t('webhooks.add')}
              >
                <Fields events={d.events} />
              </Entry>
            </section>
          </div>
        )}
      </Await>
    </Page>
  )
}

/** Every attempt of a delivery. */
function Attempts({ of }: { of: Delivery }) {
  const { t } = useTranslation()
  return (
    <Table<Schemas['DeliveryAttempt']>
      size="small"
      rowKey="number"
      pagination={false}
      dataSource={of.attempts}
      columns={[
        { key: 'n', title: '#', dataIndex: 'number' },
        { key: 'at', title: t('field.at'), render: (_, a) => <Time at={a.started_at} /> },
        { key: 's', title: 'HTTP', render: (_, a) => a.status ?? '–' },
        { key: 'd', title: 'ms', align: 'right', render: (_, a) => a.duration_ms ?? '–' },
        {
          key: 'e',
          title: t('webhooks.answer'),
          render: (_, a) => (
            <span className="mono" style={{ overflowWrap: 'anywhere' }}>
              {a.error ?? a.answer}
            </span>
          ),
        },
      ]}
    />
  )
}

/** One endpoint: its secret, what went to it, and every attempt. */
export function WebhookPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { id } = useParams({ strict: false }) as { id: string }
  const params = { path: { id } }
  const query = useQuery({
    queryKey: ['webhook', id],
    queryFn: () => unwrap(api.GET('/api/v1/webhooks/{id}', { params })),
  })
  const all = useQuery({ queryKey: ['webhooks'], queryFn: () => unwrap(api.GET('/api/v1/webhooks')) })
  const test = useAction(
    () => unwrap(api.POST('/api/v1/webhooks/{id}/test', { params })),
    undefined,
    t('webhooks.test_sent'),
  )
  const rotate = useAction(
    () => unwrap(api.POST('/api/v1/webhooks/{id}/rotate', { params })),
    undefined,
    t('webhooks.rotated'),
  )
  const remove = useAction(
    () => unwrap(api.DELETE('/api/v1/webhooks/{id}', { params })),
    () => void navigate({ to: '/account/webhooks' as never }),
  )
  const replay = useAction(
    (delivery: string) =>
      unwrap(api.POST('/api/v1/webhook-deliveries/{id}/replay', { params: { path: { id: delivery } } })),
    undefined,
    t('webhooks.replayed'),
  )
  return (
    <Await query={query}>
      {(e) => (
        <Page
          title={e.url}
          above={<Link to={'/account/webhooks' as never}>{t('nav.webhooks')}</Link>}
          actions={
            <>
              <Button disabled={!e.enabled} onClick={() => test.mutate(undefined)}>
                {t('webhooks.test')}
              </Button>
              <Popconfirm title={t('webhooks.rotate_sure')} onConfirm={() => rotate.mutate(undefined)}>
                <Button>{t('webhooks.rotate')}</Button>
              </Popconfirm>
              <Popconfirm title={t('webhooks.remove_sure')} onConfirm={() => remove.mutate(undefined)}>
                <Button danger>{t('action.delete')}</Button>
              </Popconfirm>
            </>
          }
        >
          <div className="stack">
            {e.disabled_reason && (
              <Alert type="warning" showIcon title={t('webhooks.off')} description={e.disabled_reason} />
            )}
            <section className="panel" style={{ padding: 24 }}>
              <Descriptions
                column={1}
                size="small"
                items={[
                  {
                    key: 's',
                    label: t('webhooks.secret'),
                    children: (
                      <Typography.Text
                        className="mono"
                        copyable={{ text: e.secret }}
                      >{`${e.secret.slice(0, 10)}…`}</Typography.Text>
                    ),
                  },
                  ...(e.rotated_until
                    ? [{ key: 'r', label: t('webhooks.rotated_until'), children: <Time at={e.rotated_until} /> }]
                    : []),
                  { key: 'i', label: t('webhooks.id'), children: <Id of={e.id} /> },
                ]}
              />
              <Entry<Body, Endpoint>
                name="change"
                style={{ maxWidth: 640, marginTop: 16 }}
                initial={e}
                run={({ url, description, events, enabled }) =>
                  unwrap(
                    api.PUT('/api/v1/webhooks/{id}', {
                      params,
                      body: { url, description: description || undefined, events, enabled },
                    }),
                  )
                }
                success={t('editor.saved')}
                send={t('webhooks.save')}
              >
                <Fields events={all.data?.events ?? []} />
                <Form.Item name="enabled" label={t('webhooks.on')} valuePropName="checked">
                  <Switch />
                </Form.Item>
              </Entry>
            </section>
            <section>
              <h2>{t('webhooks.deliveries')}</h2>
              <List<Delivery>
                name="webhook-deliveries"
                rowKey={(d) => d.id}
                empty={t('webhooks.no_deliveries')}
                fetch={async (_search, paging) => {
                  const data = await unwrap(
                    api.GET('/api/v1/webhooks/{id}/deliveries', { params: { path: { id }, query: paging } }),
                  )
                  return { rows: data.deliveries, next: data.next }
                }}
                columns={[
                  {
                    key: 'at',
                    title: t('field.at'),
                    sort: 'created',
                    value: (d) => d.created_at,
                    render: (d) => <Time at={d.created_at} />,
                  },
                  {
                    key: 'event',
                    title: t('webhooks.event'),
                    value: (d) => d.event,
                    render: (d) => <span className="mono">{d.event}</span>,
                  },
                  {
                    key: 'state',
                    title: t('field.state'),
                    value: (d) => d.state,
                    render: (d) => (
                      <>
                        <State of={d.state === 'sent' ? 'done' : d.state} />
                        {d.next_at && (
                          <span className="dim">
                            {' '}
                            {t('webhooks.next')} <Time at={d.next_at} />
                          </span>
                        )}
                      </>
                    ),
                  },
                  {
                    key: 'attempts',
                    title: t('webhooks.attempts'),
                    value: (d) => d.attempts.length,
                    render: (d) => (
                      <details>
                        <summary>
                          {d.attempts.length}
                          {d.error && <span className="dim"> {d.error}</span>}
                        </summary>
                        <Attempts of={d} />
                      </details>
                    ),
                  },
                  {
                    key: 'do',
                    title: t('field.actions'),
                    render: (d) =>
                      d.state !== 'due' && (
                        <Button size="small" onClick={() => replay.mutate(d.id)}>
                          {t('webhooks.replay')}
                        </Button>
                      ),
                  },
                ]}
              />
            </section>
          </div>
        </Page>
      )}
    </Await>
  )
}
