import { useQuery } from '@tanstack/react-query'
import { App, Button, Form, Input, Popconfirm, Select, Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Entry } from '../../kit/form'
import { Await, Page } from '../../kit/page'
import { Time } from '../../kit/show'
import { AccessKeys } from './access_keys'

function Sessions() {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: ['sessions'], queryFn: () => unwrap(api.GET('/api/v1/me/sessions')) })
  const end = useAction((id: string) => unwrap(api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } })))
  const others = useAction(() => unwrap(api.DELETE('/api/v1/me/sessions')), undefined, t('account.others_ended'))
  return (
    <section className="panel" style={{ padding: 24 }}>
      <div className="row" style={{ justifyContent: 'space-between' }}>
        <h2>{t('account.sessions')}</h2>
        <Button onClick={() => others.mutate(undefined)}>{t('account.end_others')}</Button>
      </div>
      <Await query={query}>
        {(data) => (
          <Table
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={data.sessions}
            scroll={{ x: 'max-content' }}
            columns={[
              {
                key: 'agent',
                title: t('account.agent'),
                render: (_, s) => <span className="dim">{s.agent.slice(0, 70)}</span>,
              },
              { key: 'at', title: t('field.created_at'), render: (_, s) => <Time at={s.created_at} /> },
              {
                key: 'do',
                title: t('field.actions'),
                render: (_, s) =>
                  s.present ? (
                    <Tag color="green">{t('account.present')}</Tag>
                  ) : (
                    <Button size="small" onClick={() => end.mutate(s.id)}>
                      {t('account.end')}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Await>
    </section>
  )
}

function Tokens() {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const query = useQuery({ queryKey: ['tokens'], queryFn: () => unwrap(api.GET('/api/v1/me/tokens')) })
  const revoke = useAction((id: string) => unwrap(api.DELETE('/api/v1/me/tokens/{id}', { params: { path: { id } } })))
  return (
    <section className="panel" style={{ padding: 24 }}>
      <h2>{t('account.tokens')}</h2>
      <Entry<{ name: string; scopes: string[] }, Schemas['TokenIssued']>
        layout="inline"
        initial={{ scopes: ['read', 'write'] }}
        run={(body) => unwrap(api.POST('/api/v1/me/tokens', { body }))}
        done={(made) => modal.success({ title: t('account.token_once'), content: <pre>{made.token}</pre>, width: 560 })}
        send={t('account.issue')}
      >
        <Form.Item name="name" label={t('field.name')} rules={[{ required: true, message: t('form.required') }]}>
          <Input maxLength={60} />
        </Form.Item>
        <Form.Item name="scopes" label={t('account.scopes')}>
          <Select
            mode="multiple"
            style={{ minWidth: 160 }}
            options={['read', 'write'].map((value) => ({ value, label: t(`scope.${value}`) }))}
          />
        </Form.Item>
      </Entry>
      <Await query={query}>
        {(data) => (
          <Table
            style={{ marginTop: 16 }}
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={data.tokens}
            scroll={{ x: 'max-content' }}
            columns={[
              { key: 'name', title: t('field.name'), dataIndex: 'name' },
              {
                key: 'scopes',
                title: t('account.scopes'),
                render: (_, k) => k.scopes.map((s) => t(`scope.${s}`)).join(', '),
              },
              { key: 'at', title: t('field.created_at'), render: (_, k) => <Time at={k.created_at} /> },
              {
                key: 'do',
                title: t('field.actions'),
                render: (_, k) => (
                  <Popconfirm title={t('account.revoke_sure')} onConfirm={() => revoke.mutate(k.id)}>
                    <Button size="small" danger>
                      {t('account.revoke')}
                    </Button>
                  </Popconfirm>
                ),
              },
            ]}
          />
        )}
      </Await>
    </section>
  )
}

type Passwords = { old_password: string; new_password: string }

/** Password, sessions, tokens and access keys of the person who is logged in. */
export function Account() {
  const { t } = useTranslation()
  const [form] = Form.useForm<Passwords>()
  const need = [{ required: true, message: t('form.required') }]
  return (
    <Page title={t('nav.account')} purpose={t('account.purpose')}>
      <div className="stack">
        <section className="panel" style={{ padding: 24 }}>
          <h2>{t('account.password')}</h2>
          <Entry<Passwords, unknown>
            form={form}
            style={{ maxWidth: 420 }}
            run={(body) => unwrap(api.POST('/api/v1/me/password', { body }))}
            done={() => form.resetFields()}
            success={t('account.password_changed')}
            send={t('account.change_password')}
          >
            <Form.Item name="old_password" label={t('account.old_password')} rules={need}>
              <Input.Password autoComplete="current-password" />
            </Form.Item>
            <Form.Item
              name="new_password"
              label={t('account.new_password')}
              extra={t('register.password_hint')}
              rules={[...need, { min: 10 }]}
            >
              <Input.Password autoComplete="new-password" />
            </Form.Item>
          </Entry>
        </section>
        <Sessions />
        <Tokens />
        <AccessKeys />
      </div>
    </Page>
  )
}
