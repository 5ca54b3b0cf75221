import { useQuery } from '@tanstack/react-query'
import { Alert, Empty, Form, Input, Popconfirm, Progress, Button, Table, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { download } from '../../kit/csv'
import { Entry } from '../../kit/form'
import { Await } from '../../kit/page'
import { Id, Time } from '../../kit/show'
import { RulesText } from './rules'

type Rights = Schemas['LicenceRights']

/** How many of something are in use. */
function InUse({ label, used, all }: { label: string; used: number; all: number }) {
  return (
    <div style={{ marginBottom: 16 }}>
      <div className="sum">
        <span>{label}</span>
        <strong className="num">
          {used} / {all}
        </strong>
      </div>
      <Progress
        percent={Math.round((100 * used) / Math.max(1, all))}
        showInfo={false}
        status="normal"
        aria-label={label}
      />
    </div>
  )
}

function Seats({ code, rights, all }: { code: string; rights: Rights; all: number }) {
  const { t } = useTranslation()
  const release = useAction(
    (slot: number) =>
      unwrap(api.POST('/api/v1/licences/{code}/seats/{slot}/release', { params: { path: { code, slot } }, body: {} })),
    undefined,
    t('rights.seat_released'),
  )
  return (
    <>
      <InUse label={t('rights.seats')} used={rights.held.length} all={all} />
      <Table
        size="small"
        rowKey="slot"
        pagination={rights.held.length > 10 ? { pageSize: 10 } : false}
        dataSource={rights.held}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty description={t('rights.no_seats')} /> }}
        columns={[
          {
            key: 'c',
            title: t('rights.client'),
            render: (_, s) => (
              <Typography.Text className="mono" copyable>
                {s.client}
              </Typography.Text>
            ),
          },
          { key: 't', title: t('rights.taken_at'), render: (_, s) => <Time at={s.taken_at} /> },
          { key: 'u', title: t('rights.lease_until'), render: (_, s) => <Time at={s.lease_until} /> },
          {
            key: 'r',
            title: t('field.actions'),
            render: (_, s) => (
              <Popconfirm title={t('rights.seat_sure', { client: s.client })} onConfirm={() => release.mutate(s.slot)}>
                <Button size="small">{t('rights.release')}</Button>
              </Popconfirm>
            ),
          },
        ]}
      />
    </>
  )
}

function Nodes({ code, rights, all }: { code: string; rights: Rights; all: number }) {
  const { t } = useTranslation()
  const release = useAction(
    (node: string) =>
      unwrap(api.POST('/api/v1/licences/{code}/nodes/{node}/release', { params: { path: { code, node } }, body: {} })),
    undefined,
    t('rights.node_released'),
  )
  return (
    <div style={{ marginTop: 24 }}>
      <InUse label={t('rights.nodes')} used={rights.bound.length} all={all} />
      <Table
        size="small"
        rowKey="id"
        pagination={rights.bound.length > 10 ? { pageSize: 10 } : false}
        dataSource={rights.bound}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty description={t('rights.no_nodes')} /> }}
        columns={[
          { key: 'i', title: t('rights.node'), render: (_, n) => <Id of={n.id} /> },
          { key: 'b', title: t('rights.bound_at'), render: (_, n) => <Time at={n.bound_at} /> },
          { key: 's', title: t('rights.seen_at'), render: (_, n) => <Time at={n.seen_at} /> },
          {
            key: 'r',
            title: t('field.actions'),
            render: (_, n) => (
              <Popconfirm
                title={t('rights.node_sure')}
                description={t('rights.node_sure_more', { n: rights.rules.node_releases })}
                onConfirm={() => release.mutate(n.id)}
              >
                <Button size="small">{t('rights.release')}</Button>
              </Popconfirm>
            ),
          },
        ]}
      />
    </div>
  )
}

/** A signed file for a machine without network. */
function FileForm({ code, bound }: { code: string; bound: boolean }) {
  const { t } = useTranslation()
  return (
    <div style={{ marginTop: 24 }}>
      <h3>{t('rights.file')}</h3>
      <p className="muted">{t('rights.file_more')}</p>
      <Entry<{ fingerprint?: string }, Schemas['LicenceFileView']>
        layout="inline"
        initial={{}}
        run={({ fingerprint }) =>
          unwrap(api.POST('/api/v1/licence-files', { body: { code, fingerprint: fingerprint || undefined } }))
        }
        done={(made) => download(made.file_name, made.file, 'application/jose')}
        send={t('licence.download')}
      >
        <Form.Item
          name="fingerprint"
          label={t('licence.fingerprint')}
          tooltip={t('licence.fingerprint_hint')}
          rules={[{ required: bound, message: t('rights.fingerprint_needed') }]}
        >
          <Input maxLength={1024} className="mono" style={{ width: 320, maxWidth: '100%' }} />
        </Form.Item>
      </Entry>
    </div>
  )
}

/** What a licence allows and who uses it; whoever sees it may take seats and machines back. */
export function RightsPanel({ code, role }: { code: string; role: string }) {
  const { t } = useTranslation()
  const query = useQuery({
    queryKey: ['licence', code],
    queryFn: () => unwrap(api.GET('/api/v1/licences/{code}', { params: { path: { code } } })),
    refetchInterval: 30_000,
  })
  return (
    <Await query={query}>
      {({ rights, state }) =>
        !rights ? null : (
          <>
            {rights.standing === 'grace' && (
              <Alert
                type="warning"
                showIcon
                style={{ marginBottom: 16 }}
                title={t('rights.grace')}
                description={
                  <>
                    {t('rights.grace_more')} <Time at={rights.grace_until} />
                  </>
                }
              />
            )}
            {rights.standing === 'over' && state !== 'not_activated' && <Tag color="red">{t('rights.over')}</Tag>}
            <RulesText rules={{ ...rights.rules, seats: rights.seats ?? null, nodes: rights.nodes ?? null }} />
            {rights.seats && <Seats code={code} rights={rights} all={rights.seats} />}
            {rights.nodes && <Nodes code={code} rights={rights} all={rights.nodes} />}
            {rights.rules.files && role === 'buyer' && (rights.standing !== 'over' || state === 'not_activated') && (
              <FileForm code={code} bound={!!rights.nodes} />
            )}
          </>
        )
      }
    </Await>
  )
}
