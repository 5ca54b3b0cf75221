import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Alert, Button, Empty, Modal, Popconfirm, Select, Steps, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Time } from '../../kit/show'

type Binding = Schemas['BindingView']

const steps = ['tenant', 'departments', 'credential', 'bound']

/** Grants the application to colleagues. */
function GrantModal({ instance, close }: { instance: string; close: () => void }) {
  const { t } = useTranslation()
  const [users, setUsers] = useState<string[]>([])
  const [role, setRole] = useState('user')
  const colleagues = useQuery({
    queryKey: ['colleagues-all'],
    queryFn: () => unwrap(api.GET('/api/v1/colleagues', { params: { query: { limit: '100' } } })),
  })
  const grant = useAction(
    () =>
      unwrap(
        api.POST('/api/v1/instances/{id}/sign-on/grants', {
          params: { path: { id: instance } },
          body: { users, role },
        }),
      ),
    close,
  )
  return (
    <Modal
      open
      title={t('sign_on.grant')}
      onCancel={close}
      okButtonProps={{ disabled: users.length === 0, loading: grant.isPending }}
      onOk={() => grant.mutate(undefined)}
    >
      <div className="stack">
        <Select
          mode="multiple"
          aria-label={t('organisation.colleagues')}
          placeholder={t('organisation.colleagues')}
          style={{ width: '100%' }}
          value={users}
          onChange={setUsers}
          optionFilterProp="label"
          options={(colleagues.data?.colleagues ?? []).map((c) => ({ value: c.id, label: `${c.name} (${c.login})` }))}
        />
        <Select
          aria-label={t('sign_on.role')}
          value={role}
          onChange={setRole}
          options={['user', 'admin'].map((value) => ({ value, label: t(`sign_on.${value}`) }))}
        />
      </div>
    </Modal>
  )
}

function Grants({ instance, binding }: { instance: string; binding: Binding }) {
  const { t } = useTranslation()
  const [granting, setGranting] = useState(false)
  const withdraw = useAction((user: string) =>
    unwrap(api.DELETE('/api/v1/instances/{id}/sign-on/grants/{user}', { params: { path: { id: instance, user } } })),
  )
  return (
    <>
      {granting && <GrantModal instance={instance} close={() => setGranting(false)} />}
      <div className="row" style={{ justifyContent: 'space-between', margin: '16px 0 8px' }}>
        <strong>{t('sign_on.granted')}</strong>
        <span className="row">
          <Link to="/account/organisation">{t('nav.organisation')}</Link>
          <Button size="small" type="primary" onClick={() => setGranting(true)}>
            {t('sign_on.grant')}
          </Button>
        </span>
      </div>
      <Table
        size="small"
        rowKey="user_id"
        pagination={binding.grants.length > 10 ? { pageSize: 10 } : false}
        dataSource={binding.grants}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty description={t('sign_on.nobody')} /> }}
        columns={[
          { key: 'n', title: t('field.name'), render: (_, g) => `${g.name} (${g.login})` },
          { key: 'r', title: t('sign_on.role'), render: (_, g) => t(`sign_on.${g.role}`) },
          { key: 's', title: t('applications.last'), render: (_, g) => <Time at={g.signed_on_at} /> },
          {
            key: 'do',
            title: t('field.actions'),
            render: (_, g) => (
              <Popconfirm title={t('sign_on.withdraw_sure')} onConfirm={() => withdraw.mutate(g.user_id)}>
                <Button size="small">{t('organisation.withdraw')}</Button>
              </Popconfirm>
            ),
          },
        ]}
      />
    </>
  )
}

/** Sign-on of the company's people into a bought application; nothing where the seller offers none. */
export function SignOnPanel({ instance }: { instance: Schemas['InstanceView'] }) {
  const { t } = useTranslation()
  const path = { params: { path: { id: instance.id } } }
  const query = useQuery({
    queryKey: ['sign-on', instance.id],
    queryFn: () => unwrap(api.GET('/api/v1/instances/{id}/sign-on', path)),
    refetchInterval: (q) =>
      steps
        .slice(0, 3)
        .concat('removing')
        .includes(q.state.data?.state ?? '') && !q.state.data?.failed.length
        ? 1500
        : false,
  })
  const bind = useAction(() => unwrap(api.POST('/api/v1/instances/{id}/sign-on', { ...path, body: {} })))
  const unbind = useAction(() => unwrap(api.DELETE('/api/v1/instances/{id}/sign-on', path)))
  const retry = useAction(() => unwrap(api.POST('/api/v1/instances/{id}/sign-on/retry', { ...path, body: {} })))
  const binding = query.data
  if (!binding?.application) return null
  const at = steps.indexOf(binding.state ?? '')
  const failed = binding.failed.length > 0
  return (
    <section className="panel" style={{ padding: 24 }}>
      <div className="row" style={{ justifyContent: 'space-between' }}>
        <h2>{t('sign_on.title')}</h2>
        {at >= 0 && (
          <Popconfirm title={t('sign_on.unbind_sure')} onConfirm={() => unbind.mutate(undefined)}>
            <Button size="small" danger>
              {t('sign_on.unbind')}
            </Button>
          </Popconfirm>
        )}
      </div>
      {at < 0 ? (
        <>
          <p className="muted">{t('sign_on.purpose', { name: binding.application })}</p>
          {binding.state === 'removing' ? (
            <Alert type="info" showIcon title={t('sign_on.removing')} />
          ) : (
            <Button
              type="primary"
              disabled={instance.state !== 'running'}
              loading={bind.isPending}
              onClick={() => bind.mutate(undefined)}
            >
              {t('sign_on.bind')}
            </Button>
          )}
        </>
      ) : (
        <Steps
          size="small"
          current={at}
          status={failed && at < 3 ? 'error' : at === 3 ? 'finish' : 'process'}
          items={steps.map((s) => ({ title: t(`sign_on.step_${s}`) }))}
        />
      )}
      {failed && (
        <Alert
          style={{ marginTop: 16 }}
          type="error"
          showIcon
          title={t('sign_on.failed')}
          description={binding.failed.map((f) => (
            <div key={`${f.activity}${f.at}`}>
              {t(`activity.${f.activity}`)} · <Time at={f.at} />
            </div>
          ))}
          action={
            <Button size="small" loading={retry.isPending} onClick={() => retry.mutate(undefined)}>
              {t('sign_on.retry')}
            </Button>
          }
        />
      )}
      {at === 3 && <Grants instance={instance.id} binding={binding} />}
    </section>
  )
}
